/* The error object: fixed size, so that lack of memory can be reported too.
 *
 * Invariants: the first error stays, but for misuse, which a real error replaces;
 * error.message points to `message`. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

const tr_error tri_err_no_reader = {
    .code = TR_E_NOMEM,
    .severity = TR_SEVERITY_FATAL,
    .thread = -1,
    .event_type = -1,
    .message = "no reader: out of memory",
};

void tri_err_init(struct tri_err *err)
{
    memset(err, 0, sizeof *err);
    tri_err_clear(err);
}

void tri_err_clear(struct tri_err *err)
{
    err->error = (tr_error){.thread = -1, .event_type = -1, .message = err->message};
    err->message[0] = '\0';
    err->missing = false;
}

void tri_err_copy(struct tri_err *to, const struct tri_err *from)
{
    *to = *from;
    to->error.message = to->message;
}

void tri_err_move(struct tri_err *to, struct tri_err *from)
{
    if (to->error.code == TR_OK && from->error.code != TR_OK)
        tri_err_copy(to, from);
    tri_err_clear(from);
}

void tri_err_in_generation(struct tri_err *err, uint64_t generation)
{
    if (err->error.severity == TR_SEVERITY_FATAL && err->error.generation == 0)
        err->error.generation = generation;
}

tr_status tri_err_set(struct tri_err *err, tr_status code, struct tri_place place,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    code = tri_err_set_list(err, code, place, format, args);
    va_end(args);
    return code;
}

tr_status tri_err_set_list(struct tri_err *err, tr_status code, struct tri_place place,
                           const char *format, va_list args)
{
    if (err->error.severity == TR_SEVERITY_FATAL)
        return err->error.code;
    if (!tri_err_is_terse(err, code))
        vsnprintf(err->message, sizeof err->message, format, args);
    err->error.code = code;
    err->error.severity = code == TR_E_MISUSE ? TR_SEVERITY_WARNING : TR_SEVERITY_FATAL;
    err->error.offset = place.offset;
    err->error.generation = place.generation;
    err->error.thread = place.thread;
    err->error.event_type = place.event_type;
    return code;
}

tr_status tri_err_limit(struct tri_err *err, struct tri_place place, const char *what,
                        uint64_t found, uint64_t limit)
{
    return tri_err_set(err, TR_E_LIMIT, place, "%s: %llu, the limit is %llu", what,
                       (unsigned long long)found, (unsigned long long)limit);
}

tr_status tri_err_canceled(struct tri_err *err, struct tri_place place)
{
    return tri_err_set(err, TR_E_CANCELED, place, "canceled by the progress function");
}

tr_status tri_err_no_memory(struct tri_err *err, const struct tri_mem *mem, struct tri_place place)
{
    if (tri_mem_status(mem) == TR_E_NOMEM)
        return tri_err_set(err, TR_E_NOMEM, place, "out of memory");
    return tri_err_set(
        err, TR_E_LIMIT, place, "bytes of memory: %llu and %llu more, the limit is %llu",
        (unsigned long long)tri_mem_used(mem), (unsigned long long)tri_mem_refused(mem),
        (unsigned long long)tri_mem_limit(mem));
}

/* strerror is safe here: glibc, musl and the BSDs return static text for every
 * errno that these calls give. */
tr_status tri_err_os(struct tri_err *err, struct tri_place place, const char *what, int os_error)
{
    tr_status s = tri_err_set(err, TR_E_IO, place, "%s: %s", what, strerror(os_error));
    if (s == TR_E_IO)
        err->error.os_error = os_error;
    return s;
}

tr_status tri_err_io(struct tri_err *err, uint64_t offset, int os_error)
{
    struct tri_place place = tri_place_at(offset, 0);
    return tri_err_os(err, place, "read failed", os_error);
}
