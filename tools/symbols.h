/* Names of a program's addresses, from its executable: for tr_reader_set_symbolizer. The
 * command and the Python package have it, so that the library needs nothing for it. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stddef.h>
#include <tracereader.h>

struct symbols;

/* Open an executable. NULL if that cannot be, and `why` says so. */
struct symbols *symbols_open(const char *path, char *why, size_t why_size);
void symbols_close(struct symbols *s);

/* A tr_symbolize_fn, `user` being what was opened. */
int symbols_find(void *user, uint64_t address, tr_symbol *out);

#endif
