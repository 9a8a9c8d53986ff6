/* Standard output through a large buffer, and numbers for people to read. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <tracereader.h>

struct tool_output {
    char *buf;
    size_t size;
    size_t len;
    int error; /* errno of the first failure; from then on all is dropped */
};

void tool_output_init(struct tool_output *out);

/* Flush, close standard output, and return the exit code that `code` becomes: a
 * reader that went away (head has seen enough) is no failure, any other is. */
int tool_output_end(struct tool_output *out, int code);

void tool_output_flush(struct tool_output *out);

/* Make room for `want` bytes behind buf + len. Return 0, or -1 on a failure. */
int tool_output_reserve(struct tool_output *out, size_t want);

void tool_output_bytes(struct tool_output *out, const char *s, size_t len);
void tool_output_str(struct tool_output *out, const char *s);
void tool_output_printf(struct tool_output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes text as snprintf does: at most `size` bytes, with a NUL; the result is its length. */
typedef size_t (*tool_output_text)(const void *of, char *buf, size_t size);

/* Print a text and a line feed, formatted right into the buffer. */
void tool_output_line(struct tool_output *out, tool_output_text text, const void *of);

/* `s` right-aligned in `width` columns; a character is a column. */
void tool_output_right(struct tool_output *out, const char *s, int width);

/* A string of the trace for a terminal: what could steer it becomes \x.., and so
 * does what is not UTF-8. */
void tool_output_clean(struct tool_output *out, tr_str s);

/* The same of the character at the start of `s`, which is not empty, and is taken from it.
 * Return its length. */
enum { TOOL_CLEAN_BYTES = 20 };
size_t tool_clean(tr_str *s, char *to);

/* Long enough for each of the texts below. */
struct tool_text {
    char s[48];
};

/* 1234567 as "1,234,567". */
struct tool_text tool_grouped(uint64_t n);
/* Nanoseconds as "12.3ms", "1m02.5s", "3h04m05s". */
struct tool_text tool_duration(uint64_t ns);
/* Bytes as "12.3 MiB". */
struct tool_text tool_size(uint64_t bytes);
/* A share as "12.3%", "-" for NaN. */
struct tool_text tool_percent(double share);

/* Decode the UTF-8 sequence at the start of `s`, which is not empty, into *rune.
 * Return its length; if there is none, minus the number of bytes to replace by one
 * U+FFFD: as many as could begin a sequence, as Unicode recommends. */
int tool_utf8(tr_str s, uint32_t *rune);

#endif
