/* The functions whose bodies the public headers have, for programs that call them: all that
 * are not optimized, were compiled with older headers, or are not in C. */
#define TR_PRIVATE_INLINE
#include "tracereader.h"
