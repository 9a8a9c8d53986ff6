/* The one error of a reader. */
#ifndef TRI_BASE_ERR_H
#define TRI_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/mem.h"
#include "tracereader/event.h"

struct tri_err {
    tr_error error;
    bool missing; /* it is about what a record names, and is not there */
    char message[256];
    bool terse; /* of what is wrong with the trace no message is made: nobody reads it */
};

/* Where an error is: what an error tells besides its message. */
struct tri_place {
    uint64_t offset;
    uint64_t generation;
    int64_t thread; /* TR_NONE: none */
    int event_type; /* -1: none */
};

/* One that is of no thread and no event. `generation` 0: none either. */
static inline struct tri_place tri_place_at(uint64_t offset, uint64_t generation)
{
    return (struct tri_place){offset, generation, TR_NONE, -1};
}

/* That of a reader which could not be made. */
extern const tr_error tri_err_no_reader;

void tri_err_init(struct tri_err *err);
/* Forget the error. */
void tri_err_clear(struct tri_err *err);
/* Have the same error, and no other. */
void tri_err_copy(struct tri_err *to, const struct tri_err *from);
/* Move an error, if there is one, to where there is none yet; else forget it. */
void tri_err_move(struct tri_err *to, struct tri_err *from);
/* Whether an error with this code gets no message. */
static inline bool tri_err_is_terse(const struct tri_err *err, tr_status code)
{
    return err->terse && (code == TR_E_CORRUPT || code == TR_E_ORDER);
}

/* Let an error that tells no generation tell that one; misuse is in none. */
void tri_err_in_generation(struct tri_err *err, uint64_t generation);

/* Record an error, unless one is recorded already, and return its code. Misuse is a
 * warning: reading can go on, and an error of the trace takes its place. */
tr_status tri_err_set(struct tri_err *err, tr_status code, struct tri_place place,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with the values in a list. */
tr_status tri_err_set_list(struct tri_err *err, tr_status code, struct tri_place place,
                           const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/* The same for a limit that an option sets: how much of `what` there is or was asked for. */
tr_status tri_err_limit(struct tri_err *err, struct tri_place place, const char *what,
                        uint64_t found, uint64_t limit);

/* The same for a progress function that asked to stop. */
tr_status tri_err_canceled(struct tri_err *err, struct tri_place place);

/* The same for an allocation that has just failed. */
tr_status tri_err_no_memory(struct tri_err *err, const struct tri_mem *mem, struct tri_place place);

/* The same for what the system refused, with its errno. */
tr_status tri_err_os(struct tri_err *err, struct tri_place place, const char *what, int os_error);

/* The same for a failed read of the trace. */
tr_status tri_err_io(struct tri_err *err, uint64_t offset, int os_error);

#endif
