/* Strings quoted as Go quotes them (strconv.Quote, the verb %q). */
#ifndef TRI_BASE_QUOTE_H
#define TRI_BASE_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Write `len` bytes at `s`, which may be anything, between double quotes: what
 * Go holds for printable stays, the rest becomes an escape, and bytes that are
 * not UTF-8 become \x.. one by one. */
void tri_quote(struct tri_text *t, const char *s, size_t len);

/* Go's strconv.IsPrint: 1 for letters, marks, numbers, punctuation, symbols and
 * the ASCII space, of Unicode 15.0; 0 for all else. */
int tri_isprint(uint32_t rune);

/* Decode the UTF-8 sequence at the start of `len` >= 1 bytes. Return its length,
 * 1 to 4, and the code point in *rune; 0 if there is none: Go then takes one
 * byte and goes on after it. */
size_t tri_utf8_decode(const char *s, size_t len, uint32_t *rune);

#endif
