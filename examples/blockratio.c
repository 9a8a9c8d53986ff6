/* What share of blocking is on the network?
 *
 *     blockratio [--threads=N] [TRACE]
 *
 * Counts how often goroutines went from executing to waiting, and how often of
 * these "network" was the reason. Without TRACE, standard input is read. A filter
 * keeps out what is of no use here; the answer is the same without it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracereader.h>

int main(int argc, char **argv)
{
    uint64_t blocked = 0, network = 0;
    const tr_event *ev;
    tr_filter filter = TR_FILTER_ALL;
    int threads = argc > 1 && strncmp(argv[1], "--threads=", 10) == 0;
    if (argc - threads > 2) {
        fprintf(stderr, "usage: %s [--threads=N] [TRACE]\n", argv[0]);
        return 2;
    }
    tr_reader *r = tr_reader_new(); /* NULL: no memory */
    if (!r)
        return 2;
    filter.kinds = 1u << TR_KIND_STATE_TRANSITION;
    filter.to_states = 1u << TR_GO_WAITING;
    tr_reader_set_filter(r, &filter);
    if (threads) {
        /* Options are set before the open. */
        if (tr_reader_set_u64(r, TR_OPT_THREADS, strtoull(argv[1] + 10, NULL, 10)) != TR_OK) {
            fprintf(stderr, "%s is out of range\n", argv[1]);
            tr_reader_free(r);
            return 2;
        }
        argc--, argv++;
    }
    tr_status s = argc > 1 ? tr_reader_open_path(r, argv[1]) : tr_reader_open_fd(r, 0);
    while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
        if (!tr_state_executing(ev->transition.from))
            continue;
        blocked++;
        if (tr_str_contains(ev->transition.reason, "network"))
            network++;
    }
    if (s != TR_END)
        fprintf(stderr, "%s, at byte %" PRIu64 "\n", tr_reader_error(r)->message,
                tr_reader_error(r)->offset);
    if (tr_reader_version(r)) /* else it is no trace */
        printf("%2.3f%% instances of goroutines blocking were to block on the network\n",
               blocked ? 100.0 * network / blocked : 0.0);
    tr_reader_free(r);
    return s != TR_END;
}
