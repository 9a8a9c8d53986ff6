/* One record of an old trace, checked: its type, its arguments, and what follows them. */
#ifndef TRI_V1_RECORD_H
#define TRI_V1_RECORD_H

#include <stddef.h>

#include "spec/v1.h"

/* What the first byte of an event says. */
struct tri_v1_head {
    uint8_t type;     /* once it is ordered; 0: the record is no event of a proc */
    uint8_t numbers;  /* behind the time */
    uint8_t own_args; /* the same without the stack */
    bool has_length : 1, is_log : 1;
    bool names_go : 1;  /* the first number is the goroutine whose state it changes */
    bool tells_seq : 1; /* the next one is how often that has changed before */
    uint8_t usual;      /* enum tri_v1_usual */
    uint8_t order;      /* enum tri_v1_order */
    uint8_t bind;       /* enum tri_v1_bind */
};

/* The types of one header version. */
struct tri_v1_format {
    unsigned version;
    struct tri_v1_shape shapes[TRI_V1_TYPE_COUNT];
    struct tri_v1_head heads[256];
    /* By the first byte of a record that is nothing but an event: how many numbers it has, without
     * its length or behind it. 0: it must be looked at. */
    uint8_t plain[256], plain_long[256];
    bool has_gone_over; /* all records have been read once: what follows a length is what it says */
};

void tri_v1_format_init(struct tri_v1_format *f, unsigned version);

enum { TRI_V1_MAX_FRAMES = 1000, TRI_V1_MAX_STRING_BYTES = 1000000 };

struct tri_v1_record {
    uint8_t type;
    uint8_t arg_count;
    uint64_t args[TRI_MAX_ARGS];
    const uint8_t *frames; /* of a Stack, as they are encoded */
    uint32_t frame_count;
    const uint8_t *data; /* of a String or UserLog */
    uint64_t data_len;
    const char *wrong; /* what is, with TRI_V1_BAD */
};

/* A record's first byte. */
static inline unsigned tri_v1_type_of(uint8_t first)
{
    return first & 63;
}

/* Whether its arguments come after their length in bytes. */
static inline bool tri_v1_has_length(uint8_t first)
{
    return first >> 6 == 3;
}

enum tri_v1_got {
    TRI_V1_GOT,
    TRI_V1_CUT, /* the bytes end inside the record */
    TRI_V1_BAD
};

/* Go over records of events that are nothing else, as most of a trace is: to the first that must
 * be looked at, at `end` at the latest. */
const uint8_t *tri_v1_skip_plain(const struct tri_v1_format *f, const uint8_t *p,
                                 const uint8_t *end);

/* Read the record at *p, which is before `end`; *p moves behind it on success only. Strings
 * and messages of any length are taken. */
enum tri_v1_got tri_v1_record_read(const struct tri_v1_format *f, const uint8_t **p,
                                   const uint8_t *end, struct tri_v1_record *r);

#endif
