/* What tests with recorded traces share: files, sums, and the ways to read a trace.
 * It knows the public interface only, and not Check, so that it may be used outside a
 * test too: what fails here is said on standard error and ends the process. */
#ifndef TESTS_GOLDEN_SUPPORT_H
#define TESTS_GOLDEN_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracereader.h"

/* End the process with a message unless `holds`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void
require(bool holds, const char *format, ...);

/* Say that what a test needs is not here: once a test, which then does nothing more, as
 * scripts/tally.sh counts it as skipped. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void
skip_test(const char *format, ...);

/* --- Files --- */

struct bytes {
    uint8_t *data;
    size_t size;
};

/* The path of a file of this project: FOLDER/NAME, as in "tests/data/GOLDENS". It is
 * valid until the next call. */
const char *source_path(const char *name);
struct bytes load_file(const char *path);
/* A trace of tests/data, by its name without .trace.xz. */
struct bytes load_trace(const char *name);
void free_bytes(struct bytes *b);
/* A file that has no name any more, with `before` zero bytes, then these. */
int file_of(const struct bytes *b, size_t before);

/* What a command, such as "gzip", makes of its standard input; data is NULL if the command is
 * not here. */
struct bytes piped_through(const char *command, const struct bytes *b);

/* --- Sums --- */

struct sha256 {
    uint32_t state[8];
    uint64_t len;
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t size);
/* Ends it. `hex` has room for 65 bytes. */
void sha256_hex(struct sha256 *s, char *hex);

/* A quick sum, to compare texts with each other (FNV-1a). */
#define SUM_START UINT64_C(14695981039346656037)
uint64_t sum_add(uint64_t sum, const void *data, size_t size);

/* --- Ways to read --- */

enum way {
    WAY_MEMORY,
    WAY_PATH,
    WAY_MEMORY_2_THREADS,
    WAY_PATH_2_THREADS,
    WAY_PATH_5_THREADS,
    WAY_FD, /* a file that has something else before the trace */
    WAY_CALLBACK_1,
    WAY_CALLBACK_7,
    WAY_CALLBACK_4096,
    WAY_PUSH_1,
    WAY_PUSH_7,
    WAY_PUSH_4096,
    WAY_PIPE_4096,
    WAY_PIPE_7, /* the last two take a system call each time */
    WAY_PIPE_1,
    WAY_COUNT
};

extern const char *const way_names[WAY_COUNT];

/* A reader that is being fed in one of these ways. */
struct reading {
    tr_reader *reader;
    enum way way;
    struct bytes trace;
    size_t piece; /* bytes at a time */
    size_t given; /* bytes pushed, or called back */
    int fd;
    void *writer; /* of a pipe */
    tr_status opened;
};

/* `trace` must stay. */
void reading_open(struct reading *r, enum way way, const struct bytes *trace);
/* The same with TR_OPT_SALVAGE. */
void reading_open_salvaging(struct reading *r, enum way way, const struct bytes *trace);
/* As tr_reader_next, pushing more where that is the way. */
tr_status reading_next(struct reading *r, const tr_event **out);
void reading_close(struct reading *r);

/* The text of an event and a line feed, valid until the next call. */
const char *event_line(const tr_event *ev, size_t *len);

#endif
