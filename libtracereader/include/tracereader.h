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
 *  - What a function returns by pointer is lent unless its name ends in
 *    _new or _ref; what ends in _new or _ref is given back with _free or
 *    _unref.
 *  - The library never aborts, exits, prints or keeps global state. One
 *    thread may use a reader at a time; readers are independent.
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
