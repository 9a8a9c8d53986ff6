/* Status codes, errors, strings and the allocator: what every other header uses. */
#ifndef TRACEREADER_STATUS_H
#define TRACEREADER_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Marks what the shared library exports. Empty for SWIG and static use. */
#if defined(__GNUC__) && !defined(SWIG)
#define TR_API __attribute__((visibility("default")))
#else
#define TR_API
#endif

/* No part of the interface. Marks the bodies that small functions have here too, for programs
 * that are optimized: to be inlined, never to be compiled on their own. Other programs, and who
 * takes a function's address, get those of the library, whose one file `reader/inline.c`
 * defines this as nothing. Without it there is no body here. */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(TR_PRIVATE_INLINE)
#define TR_PRIVATE_INLINE extern __inline__ __attribute__((__gnu_inline__))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the headers, `major * 10000 + minor * 100 + patch`. */
#define TR_VERSION 100

/** What every call that can fail returns.
 * 0 is success, positive values are not errors, negative values are. */
typedef enum tr_status {
    TR_OK = 0,           /**< done; an event, record or batch was given */
    TR_END = 1,          /**< the trace has ended, there is nothing more */
    TR_NEED_INPUT = 2,   /**< a pushed trace: feed more bytes, then call again */
    TR_E_NOMEM = -1,     /**< the allocator had no memory */
    TR_E_IO = -2,        /**< reading failed; tr_error.os_error says why */
    TR_E_FORMAT = -3,    /**< not a Go execution trace */
    TR_E_VERSION = -4,   /**< a Go execution trace of a version that is not read */
    TR_E_TRUNCATED = -5, /**< the trace stops in the middle */
    TR_E_CORRUPT = -6,   /**< the bytes break a rule of the format */
    TR_E_ORDER = -7,     /**< the records are well formed, yet contradict each other */
    TR_E_LIMIT = -8,     /**< a limit set by an option was reached */
    TR_E_MISUSE = -9,    /**< the caller broke a rule of this interface */
    TR_E_CANCELED = -10  /**< the progress function asked to stop */
} tr_status;

/** A string: `len` bytes at `ptr`, not ended by NUL, not necessarily UTF-8.
 * `ptr` is never NULL in strings that the library gives. */
typedef struct tr_str {
    const char *ptr;
    size_t len;
} tr_str;

/** How bad an error is. */
typedef enum tr_severity {
    TR_SEVERITY_NONE = 0,    /**< no error happened */
    TR_SEVERITY_WARNING = 1, /**< reading went on, nothing was lost */
    TR_SEVERITY_FATAL = 2    /**< nothing more can be read */
} tr_severity;

/** The first error of a reader. Until there is one, the last misuse, as a warning: an error
 * of the trace takes its place. Every field is always valid to read. */
typedef struct tr_error {
    tr_status code;       /**< TR_OK if no error happened */
    tr_severity severity; /**< how bad it is */
    uint64_t offset;      /**< byte offset of the offending record in the (decompressed) trace */
    uint64_t generation;  /**< number of its generation; of an error between two, that of the
                             * last that had begun, 0 if none had */
    int64_t thread;       /**< the thread whose record it is, -1 if none */
    int event_type;       /**< the record's type number, -1 if none */
    int os_error;         /**< errno of a failed read, else 0 */
    const char *message;  /**< one line, ended by NUL, no line feed */
} tr_error;

/** Where a reader gets its memory. `alloc` returns memory aligned for any type,
 * or NULL; `free` gets what `alloc` returned and its size. Both may be called from any
 * thread, by several at once, where TR_OPT_THREADS is above 1 or tables are kept. */
typedef struct tr_allocator {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *ptr, size_t size);
    void *user;
} tr_allocator;

/** Return a status's lower-case name: "ok", "end", "need_input", "nomem", "io",
 * "format", "version", "truncated", "corrupt", "order", "limit", "misuse", "canceled".
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none; an unknown value gives "unknown".
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_status_name(tr_status status);

/** Return the version of the library in use as text, such as "0.1.0".
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_version(void);

/** Return the names of the compressed formats that the library in use reads, separated by
 * blanks: those of "gzip bzip2 xz lz4 zstd" that it was built with, "" if none.
 * Units:    none.
 * Lifetime: static, never freed.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API const char *tr_compressions(void);

/** Tell whether `s` contains the bytes of `part`, a string ended by NUL.
 * Units:    1 if it does, 0 if not; the empty part is in every string.
 * Lifetime: nothing is kept.
 * Errors:   none; a NULL part gives 0.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_str_contains(tr_str s, const char *part);

/** Tell whether `s` contains the bytes of `part`, whatever they are.
 * Units:    1 if it does, 0 if not; the empty part is in every string.
 * Lifetime: nothing is kept.
 * Errors:   none.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_str_contains_str(tr_str s, tr_str part);

/** Tell whether `s` equals `text`, a string ended by NUL.
 * Units:    1 if it does, 0 if not.
 * Lifetime: nothing is kept.
 * Errors:   none; a NULL text gives 0.
 * Threads:  any.
 * Since:    0.1 */
TR_API int tr_str_equal(tr_str s, const char *text);

#ifdef TR_PRIVATE_INLINE
TR_PRIVATE_INLINE int tr_str_contains(tr_str s, const char *part)
{
    tr_str bytes = {part, part ? strlen(part) : 0};
    return part && bytes.len <= s.len && tr_str_contains_str(s, bytes);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
