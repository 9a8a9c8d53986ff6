/* The table of event types of old traces, made from v1.def.
 *
 * Invariant: a shape has at most TRI_MAX_ARGS arguments. */
#include "spec/v1.h"

#include <string.h>

struct arg {
    const char *name;
    uint8_t first, last; /* header versions */
};

struct event {
    const char *name;
    uint8_t since;
    bool timed, has_stack;
    uint8_t order, bind, usual, becomes, reason, arg_count;
    struct arg args[TRI_V1_OWN_ARGS];
};

/* clang-format off */
#define STRUCTURAL false
#define TIMED true
#define NO_STACK false
#define STACK true
#define ALL(name) {#name, 0, UINT8_MAX}
#define FROM(version, name) {#name, version, UINT8_MAX}
#define UNTIL(version, name) {#name, 0, version}
#define TRI_V1_ARG0 0, {{NULL, 0, 0}}
#define TRI_V1_ARG1(a) 1, {a}
#define TRI_V1_ARG2(a, b) 2, {a, b}
#define TRI_V1_ARG3(a, b, c) 3, {a, b, c}
#define TRI_V1_EVENT(number, name, since, class, stack, order, bind, usual, becomes, reason, args) \
    [number] = {#name, since, class, stack, TRI_V1_ORDER_##order, TRI_V1_BIND_##bind,              \
                TRI_V1_USUAL_##usual, TRI_EV_##becomes, TRI_V1_NAME_##reason, args},
#define TRI_V1_LOCAL(name, settled)
/* clang-format on */

static const struct event events[TRI_V1_TYPE_COUNT] = {
#include "spec/v1.def"
};

const char *const tri_v1_names[TRI_V1_NAME_COUNT] = {
#define X(name, text) text,
    TRI_V1_NAMES(X)
#undef X
};

bool tri_v1_version(uint64_t version)
{
    switch (version) {
    case TRI_GO105:
    case TRI_GO107:
    case 8:
    case 9:
    case TRI_GO110:
    case TRI_GO111:
    case 19:
    case TRI_GO121:
        return true;
    }
    return false;
}

#undef TRI_V1_EVENT
#undef TRI_V1_LOCAL
#define TRI_V1_EVENT(number, name, since, class, stack, order, bind, usual, becomes, reason, args)
#define TRI_V1_LOCAL(name, settled) [TRI_V1_##name] = TRI_V1_##settled,
static const uint8_t local_is[TRI_V1_TYPE_COUNT] = {
#include "spec/v1.def"
};

void tri_v1_shapes(struct tri_v1_shape shapes[TRI_V1_TYPE_COUNT], unsigned version)
{
    memset(shapes, 0, TRI_V1_TYPE_COUNT * sizeof *shapes);
    for (unsigned type = 0; type < TRI_V1_TYPE_COUNT; type++) {
        const struct event *e = &events[type];
        struct tri_v1_shape *s = &shapes[type];
        if (!e->name || e->since > version)
            continue;
        s->name = e->name;
        s->timed = e->timed;
        s->has_stack = e->has_stack;
        s->order = version < TRI_GO107 ? (uint8_t)TRI_V1_ORDER_NONE : e->order;
        s->usual = e->usual;
        s->bind = e->bind;
        s->settled = local_is[type] ? local_is[type] : (uint8_t)type;
        s->becomes = e->becomes;
        s->reason = e->reason;
        if (e->timed && version < TRI_GO107)
            s->arg_names[s->arg_count++] = "dseq";
        if (e->timed)
            s->arg_names[s->arg_count++] = "dt";
        s->first_arg = s->arg_count;
        for (unsigned i = 0; i < e->arg_count; i++)
            if (e->args[i].first <= version && version <= e->args[i].last)
                s->arg_names[s->arg_count++] = e->args[i].name;
        s->own_args = s->arg_count - s->first_arg;
        if (e->has_stack)
            s->arg_names[s->arg_count++] = "stack";
    }
}
