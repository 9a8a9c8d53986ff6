/* What comes of reading a trace as a whole: its events are summed up, and must be in the order of
 * their times. */
#include "outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void read_all(struct reading *r, uint8_t *seen, struct outcome *out)
{
    const tr_event *ev;
    int64_t last = INT64_MIN;
    *out = (struct outcome){.sum = SUM_START};
    while ((out->status = reading_next(r, &ev)) == TR_OK) {
        size_t len;
        uint32_t flags = ev->flags;
        require(ev->time_ns >= last, "times fall at byte %" PRIu64, ev->offset);
        last = ev->time_ns;
        out->events++;
        out->syncs += ev->kind == TR_KIND_SYNC;
        if (seen && ev->kind != TR_KIND_SYNC && ev->kind != TR_KIND_STACK_SAMPLE) {
            seen[ev->offset] = 1;
            continue;
        }
        const char *line = event_line(ev, &len);
        out->sum = sum_add(sum_add(out->sum, line, len), &flags, sizeof flags);
    }
    require(reading_next(r, &ev) == out->status, "another status at the second call");
    out->error = *tr_reader_error(r->reader);
    snprintf(out->message, sizeof out->message, "%s", out->error.message);
    tr_reader_salvage(r->reader, &out->salvage);
}

void read_way(const struct bytes *trace, enum way way, bool salvage, struct outcome *out)
{
    struct reading r;
    if (salvage)
        reading_open_salvaging(&r, way, trace);
    else
        reading_open(&r, way, trace);
    read_all(&r, NULL, out);
    reading_close(&r);
}

bool same_error(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->error.offset == b->error.offset &&
           a->error.generation == b->error.generation && a->error.thread == b->error.thread &&
           a->error.event_type == b->error.event_type && strcmp(a->message, b->message) == 0;
}
