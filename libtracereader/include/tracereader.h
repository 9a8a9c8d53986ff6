/* libtracereader: read Go execution traces.
 *
 * This header includes the whole public interface. The order of calls is
 * new, set options, open, next..., free:
 *
 *     tr_reader *r = tr_reader_new();
 *     tr_reader_open_path(r, "my.trace");
 *     const tr_event *ev;
 *     while (tr_reader_next(r, &ev) == TR_OK)
 *         ...
 *     tr_reader_free(r);
 *
 * Rules that hold everywhere:
 *
 *  - Times are int64_t nanoseconds on the trace's clock, not wall time.
 *  - Strings are {ptr, len}: they may hold NUL and need not be UTF-8.
 *  - What a *_new or *_new_with function returns is yours: give it back
 *    with the matching *_free. Every other returned pointer is lent.
 *    Tables are counted: tr_tables_ref, tr_tables_unref.
 *  - The library never aborts, exits or prints. It keeps no global state
 *    but a lock that makes fork() wait while stacks are being read (of
 *    any trace, by any reader).
 *  - One thread may use a reader at a time; readers are independent.
 */
#ifndef TRACEREADER_H
#define TRACEREADER_H

/* IWYU pragma: begin_exports */
#include "tracereader/analysis.h"
#include "tracereader/arrow.h"
#include "tracereader/batch.h"
#include "tracereader/event.h"
#include "tracereader/reader.h"
#include "tracereader/status.h"
#include "tracereader/table.h"
/* IWYU pragma: end_exports */

#endif
