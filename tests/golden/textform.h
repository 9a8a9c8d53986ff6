/* Traces in text form, as Go's own tests have them, turned into bytes.
 *
 * A text begins with a line "Trace Go1.26"; then each record has a line
 * "Name arg=value ...". A Stack is followed by a line "pc=1 func=2 file=3 line=4" for
 * each frame, a String or an ExperimentalBatch by a line data="...", quoted as Go
 * quotes. Blank lines, and what follows a '#', are left out.
 *
 * Beyond Go's form, for traces written by hand, and for broken ones:
 *   -1               a value, for 18446744073709551615
 *   size=auto        an EventBatch that reaches to the next batch or EndOfGeneration
 *   EndBatch         or to here
 *   Bytes 01 ff      any bytes, in hexadecimal
 *   Header "..."     in place of the first line: any header
 *   >Name ...        marks a record; a line with nothing else a place between two */
#ifndef TESTS_GOLDEN_TEXTFORM_H
#define TESTS_GOLDEN_TEXTFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct textform {
    uint8_t *data;
    size_t size;

    bool marked;
    uint64_t mark;       /* offset of the marked record */
    int mark_type;       /* its first byte, -1: a place was marked */
    int64_t mark_thread; /* the thread in whose batch it is, -1: none */

    unsigned line;   /* where the text is wrong */
    char error[128]; /* how; "" if it is not */

    /* While it is converted: */
    size_t cap;
    bool batch_open; /* an EventBatch of size=auto has its data from batch_data on */
    size_t batch_data;
    int64_t thread; /* of the batch, -1: none */
};

/* False if the text is wrong. Ends the process if there is no memory. */
bool textform_convert(struct textform *t, const char *text, size_t len);
void textform_free(struct textform *t);

/* Append a number as the format has it. Returns its length, at most 10. */
size_t textform_varint(uint8_t *to, uint64_t value);

#endif
