/* Frequency and clock snapshot. Invariant: each is set once a generation. */
#include "gen/sync.h"

#include "wire/varint.h"

static tr_status read_fields(const struct tri_section *s, struct tri_place place, const uint8_t **p,
                             const uint8_t *end, uint64_t *v, int count)
{
    for (int i = 0; i < count; i++) {
        enum tri_varint_result result = tri_varint_read(p, end, &v[i]);
        if (result == TRI_VARINT_NONE)
            return TR_END;
        if (result != TRI_VARINT_OK)
            return tri_err_set(s->err, TR_E_CORRUPT, place, "invalid varint in %s",
                               tri_spec_name((unsigned)place.event_type));
    }
    return TR_OK;
}

/* Seconds and nanoseconds as Go's time.Unix takes them: any nanoseconds are carried
 * over. */
static void set_wall(tr_clock *clock, int64_t sec, int64_t nsec)
{
    if (nsec < 0 || nsec >= 1000000000) {
        int64_t carry = nsec / 1000000000;
        sec = (int64_t)((uint64_t)sec + (uint64_t)carry);
        nsec -= carry * 1000000000;
        if (nsec < 0) {
            nsec += 1000000000;
            sec = (int64_t)((uint64_t)sec - 1);
        }
    }
    clock->wall_sec = sec;
    clock->wall_nsec = nsec;
}

static tr_status add_frequency(struct tr_tables *t, const struct tri_section *s,
                               struct tri_place place, const uint8_t **p, const uint8_t *end)
{
    uint64_t hertz;
    if (t->has_frequency)
        return tri_err_set(s->err, TR_E_CORRUPT, place, "found multiple frequency events");
    tr_status status = read_fields(s, place, p, end, &hertz, 1);
    if (status != TR_OK)
        return status;
    t->ns_per_tick = tri_tables_ns_per_tick(hertz);
    t->has_frequency = true;
    return TR_OK;
}

static tr_status add_clock(struct tr_tables *t, const struct tri_section *s, struct tri_place place,
                           const uint8_t **p, const uint8_t *end, uint64_t *ticks)
{
    uint64_t v[4]; /* dt, mono, sec, nsec */
    if (t->has_clock)
        return tri_err_set(s->err, TR_E_CORRUPT, place, "found multiple clock snapshot events");
    tr_status status = read_fields(s, place, p, end, v, 4);
    if (status != TR_OK)
        return status;
    *ticks += v[0];
    t->clock_ticks = *ticks;
    t->clock.mono_ns = v[1];
    set_wall(&t->clock, (int64_t)v[2], (int64_t)v[3]);
    t->has_clock = true;
    return TR_OK;
}

tr_status tri_sync_add(struct tr_tables *t, const struct tri_section *s, uint64_t batch_time,
                       unsigned version)
{
    const uint8_t *end = s->data + s->size;
    const uint8_t *p = tri_version_has_clock(version) ? s->data + 1 : s->data;
    uint64_t ticks = batch_time;
    while (p < end) {
        struct tri_place place = s->place;
        place.offset += (uint64_t)(p - s->data);
        place.event_type = *p;
        tr_status status;
        uint8_t type = *p++;
        if (type == TRI_EV_Frequency)
            status = add_frequency(t, s, place, &p, end);
        else if (type == TRI_EV_ClockSnapshot && tri_version_has_clock(version))
            status = add_clock(t, s, place, &p, end, &ticks);
        else
            return tri_err_set(s->err, TR_E_CORRUPT, place,
                               "expected a frequency or clock snapshot, got event type %u", type);
        if (status != TR_OK)
            return status;
    }
    return TR_OK;
}
