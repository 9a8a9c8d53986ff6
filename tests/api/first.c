/* The program that the interface was made for: what share of blocking is on the network?
 * It must compile as it stands, as C99, C11 and C++: first.sh sees to that. */
/* clang-format off */
#include <inttypes.h>
#include <stdio.h>
#include <tracereader.h>

int main(int argc, char **argv)
{
    uint64_t blocked = 0, network = 0;
    const tr_event *ev;
    tr_reader *r = tr_reader_new();                       /* NULL: no memory */
    if (!r)
        return 2;
    tr_status s = argc > 1 ? tr_reader_open_path(r, argv[1]) : tr_reader_open_fd(r, 0);
    while (s == TR_OK && (s = tr_reader_next(r, &ev)) == TR_OK) {
        if (ev->kind != TR_KIND_STATE_TRANSITION || ev->transition.resource != TR_RESOURCE_GOROUTINE)
            continue;
        if (tr_state_executing(ev->transition.from) && ev->transition.to == TR_GO_WAITING) {
            blocked++;
            if (tr_str_contains(ev->transition.reason, "network"))
                network++;
        }
    }
    if (s != TR_END)
        fprintf(stderr, "%s, at byte %" PRIu64 "\n", tr_reader_error(r)->message, tr_reader_error(r)->offset);
    printf("%2.3f%% instances of goroutines blocking were to block on the network\n", 100.0 * network / blocked);
    tr_reader_free(r);
    return s != TR_END;
}
