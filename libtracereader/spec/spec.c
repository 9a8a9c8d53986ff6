/* The table of event types, made from events.def. */
#include "spec/spec.h"

/* clang-format off */
#define TRI_TYPE(type, name) TRI_ARG_##type
#define TRI_NAME(type, name) #name
#define TRI_ARG0 0, {0}, {0}
#define TRI_ARG1(a) 1, {TRI_TYPE a}, {TRI_NAME a}
#define TRI_ARG2(a, b) 2, {TRI_TYPE a, TRI_TYPE b}, {TRI_NAME a, TRI_NAME b}
#define TRI_ARG3(a, b, c)                    \
    3, {TRI_TYPE a, TRI_TYPE b, TRI_TYPE c}, \
       {TRI_NAME a, TRI_NAME b, TRI_NAME c}
#define TRI_ARG4(a, b, c, d)                             \
    4, {TRI_TYPE a, TRI_TYPE b, TRI_TYPE c, TRI_TYPE d}, \
       {TRI_NAME a, TRI_NAME b, TRI_NAME c, TRI_NAME d}
#define TRI_ARG5(a, b, c, d, e)                                      \
    5, {TRI_TYPE a, TRI_TYPE b, TRI_TYPE c, TRI_TYPE d, TRI_TYPE e}, \
       {TRI_NAME a, TRI_NAME b, TRI_NAME c, TRI_NAME d, TRI_NAME e}

/* `args` is three initializers, count, types and names, with commas between: it
 * stands last, and is taken apart by one more macro. */
#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args)    \
    [number] = TRI_SPEC(#name, TRI_CLASS_##class, since, TRI_EXPERIMENT_##experiment, \
                        TRI_EV_##start, TR_KIND_##kind, args),
#define TRI_SPEC(name, class, since, experiment, start, kind, ...) \
    TRI_SPEC_OF(name, class, since, experiment, start, kind, __VA_ARGS__)
#define TRI_SPEC_OF(name, class, since, experiment, start, kind, count, ...) \
    {name, count, class, since, experiment, start, kind, __VA_ARGS__}
/* clang-format on */

const struct tri_spec tri_specs[TRI_TYPE_COUNT] = {
#include "spec/events.def"
};

#undef TRI_EVENT
#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args) \
    [number] = TR_KIND_##kind,
const uint8_t tri_kinds[256] = {
#include "spec/events.def"
    [TRI_EV_SYNC_ROW] = TR_KIND_SYNC,
};

const char *const tri_experiment_names[TRI_EXPERIMENT_COUNT] = {"None", "AllocFree"};

const char *tri_spec_name(unsigned type)
{
    return type < TRI_TYPE_COUNT && tri_specs[type].name ? tri_specs[type].name : "invalid";
}

const char *tri_spec_broken_event(unsigned type)
{
    if (type >= TRI_TYPE_COUNT)
        return "invalid event type";
    return tri_specs[type].class == TRI_CLASS_TIMED ? "invalid varint in an event of type"
                                                    : "event without a timestamp: type";
}
