/* What fuzz targets share. A target is one file that has fuzz_one; the rest is driver.c:
 * libFuzzer's entries, or a main that runs the target over files. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracereader.h"

/* Read a trace, however broken. What must not be ends the process: fuzz_require. */
void fuzz_one(const uint8_t *data, size_t size);

/* End the process as a crash does, unless `holds`. */
#define fuzz_require(holds) fuzz_require_at(holds, #holds, __FILE__, __LINE__)
void fuzz_require_at(int holds, const char *text, const char *file, int line);

/* A reader with limits that let no input take all memory. */
tr_reader *fuzz_reader(void);

/* Numbers that follow from the input alone. */
struct fuzz_random {
    uint64_t state;
};
void fuzz_random_init(struct fuzz_random *r, const uint8_t *data, size_t size);
size_t fuzz_random_below(struct fuzz_random *r, size_t n);

/* Ask an event for all that can be asked, and add what it says to a sum. */
uint64_t fuzz_look(tr_reader *r, const tr_event *ev, uint64_t sum);
uint64_t fuzz_sum(uint64_t sum, const void *data, size_t size);

/* Read a trace to its end, in memory or pushed in pieces of any size, and add what all events
 * say to *sum. */
tr_status fuzz_read(tr_reader *r, const uint8_t *data, size_t size, uint64_t *sum);
tr_status fuzz_read_pushed(tr_reader *r, const uint8_t *data, size_t size, uint64_t *sum);

/* The same error comes again, and the error object tells it. */
void fuzz_check_end(tr_reader *r, tr_status status, size_t size);
/* Whether this must come out however the bytes come. How much a library gives before what is
 * damaged in compressed data depends on the pieces; and what is pushed takes memory too. */
bool fuzz_is_same_however(const tr_reader *r, tr_status status);
/* Two readers came to the same error. */
void fuzz_check_same_error(const tr_reader *a, const tr_reader *b);

#endif
