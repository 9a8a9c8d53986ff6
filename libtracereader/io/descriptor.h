/* Descriptors that the library opens itself. */
#ifndef TRI_IO_DESCRIPTOR_H
#define TRI_IO_DESCRIPTOR_H

/* Move a descriptor that was just opened above those of the standard streams, where one of
 * these is closed: else what the program prints would go into it. -1 with errno: that cannot
 * be, and it is closed; or it was -1. */
int tri_descriptor_above_standard(int fd);

#endif
