/* What an event type is: the table of events.def as data. */
#ifndef TRI_SPEC_SPEC_H
#define TRI_SPEC_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "tracereader/event.h"

/* TRI_EV_GoStart and so on. */
enum tri_event_type {
    TRI_EV_None = 0,
#define TRI_EVENT(number, name, since, class, experiment, start, rule, kind, args) \
    TRI_EV_##name = number,
#include "spec/events.def"
#undef TRI_EVENT
    TRI_EV_SYNC_ROW = 255 /* a Sync event: made by the reader, not in any file */
};

enum {
    TRI_TYPE_COUNT = 137, /* type numbers are below this */
    TRI_MAX_ARGS = 5,     /* of any type, the time included */
    TRI_FIRST_EXPERIMENTAL = 128,

    TRI_MAX_BATCH_BYTES = 64 << 10,
    TRI_MAX_FRAMES = 128,
    TRI_MAX_STRING_BYTES = 1 << 10,
    TRI_MAX_VARINT = 10,
    /* A timed record: its number and its arguments. */
    TRI_MAX_RECORD_BYTES = 1 + TRI_MAX_ARGS * TRI_MAX_VARINT
};

enum tri_class { TRI_CLASS_UNKNOWN = 0, TRI_CLASS_STRUCTURAL, TRI_CLASS_TIMED };

enum tri_arg_type {
    TRI_ARG_NONE = 0,
    TRI_ARG_DT,
    TRI_ARG_VALUE,
    TRI_ARG_GO,
    TRI_ARG_PROC,
    TRI_ARG_THREAD,
    TRI_ARG_TASK,
    TRI_ARG_SEQ,
    TRI_ARG_STRING,
    TRI_ARG_STACK,
    TRI_ARG_STACK2,
    TRI_ARG_STATUS
};

enum tri_experiment { TRI_EXPERIMENT_None = 0, TRI_EXPERIMENT_AllocFree = 1, TRI_EXPERIMENT_COUNT };

struct tri_spec {
    const char *name;  /* NULL for numbers without a type */
    uint8_t arg_count; /* the time included */
    uint8_t class;
    uint8_t since; /* header version */
    uint8_t experiment;
    uint8_t start;
    uint8_t kind;
    uint8_t arg_types[TRI_MAX_ARGS];
    const char *arg_names[TRI_MAX_ARGS];
};

extern const struct tri_spec tri_specs[TRI_TYPE_COUNT];
/* The tr_kind of each type of row, in one byte. */
extern const uint8_t tri_kinds[256];
extern const char *const tri_experiment_names[TRI_EXPERIMENT_COUNT];

/* The trace versions (minor version of Go 1 in the header). */
enum { TRI_GO122 = 22, TRI_GO123 = 23, TRI_GO125 = 25, TRI_GO126 = 26 };

/* Whether a generation has a snapshot of the clock: it is in a batch that begins with Sync, and so
 * is the frequency then. */
static inline bool tri_version_has_clock(unsigned version)
{
    return version >= TRI_GO125;
}

/* Whether EndOfGeneration ends a generation; else the next one does, or the end of the trace. */
static inline bool tri_version_has_end_mark(unsigned version)
{
    return version >= TRI_GO126;
}

/* The name by which an error names a type, whatever its number is. */
const char *tri_spec_name(unsigned type);
/* What is wrong with a record that cannot be an event's, before the number of its type. */
const char *tri_spec_broken_event(unsigned type);

#endif
