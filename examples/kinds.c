/* How many events of each kind are there?
 *
 *     kinds [TRACE], or anything | kinds
 *
 * Pushes the trace into the reader as it comes, which is how a program that has
 * its bytes from somewhere else (a socket, a decompressor) reads one: feed, take
 * events until TR_NEED_INPUT, feed again. */
#include <inttypes.h>
#include <stdio.h>
#include <tracereader.h>

static uint64_t counts[TR_KIND_COUNT];

/* Take what can be known by now. */
static tr_status take_events(tr_reader *r)
{
    const tr_event *ev;
    tr_status s;
    while ((s = tr_reader_next(r, &ev)) == TR_OK)
        if (ev->kind < TR_KIND_COUNT) /* a newer library may know of more */
            counts[ev->kind]++;
    return s;
}

int main(int argc, char **argv)
{
    static char buf[65536];
    size_t n;
    tr_status s = TR_NEED_INPUT;
    if (argc > 2) {
        fprintf(stderr, "usage: %s [TRACE]\n", argv[0]);
        return 2;
    }
    FILE *in = argc > 1 ? fopen(argv[1], "rb") : stdin;
    if (!in) {
        perror(argv[1]);
        return 1;
    }
    tr_reader *r = tr_reader_new();
    if (!r)
        return 2;

    while (s == TR_NEED_INPUT && (n = fread(buf, 1, sizeof buf, in)) > 0) {
        s = tr_reader_feed(r, buf, n);
        if (s == TR_OK)
            s = take_events(r);
    }
    /* The end of the bytes shows whether the trace ends there too. */
    if (s == TR_NEED_INPUT) {
        s = tr_reader_feed_end(r);
        if (s == TR_OK)
            s = take_events(r);
    }

    for (int kind = 0; kind < TR_KIND_COUNT; kind++)
        if (counts[kind] > 0)
            printf("%12" PRIu64 " %s\n", counts[kind], tr_kind_name((tr_kind)kind));
    if (s != TR_END)
        fprintf(stderr, "%s, at byte %" PRIu64 "\n", tr_reader_error(r)->message,
                tr_reader_error(r)->offset);
    tr_reader_free(r);
    return s != TR_END;
}
