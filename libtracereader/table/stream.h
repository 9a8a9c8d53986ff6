/* Streams of tables, in memory of the caller's. */
#ifndef TRI_TABLE_STREAM_H
#define TRI_TABLE_STREAM_H

#include "base/mem.h"
#include "tracereader/table.h"

/* As tr_table_stream. `mem` (NULL: there was none) is the stream's from here on. */
tr_status tri_table_stream(struct tri_mem *mem, const char *table, tr_reader *r,
                           const tr_table_options *options, struct ArrowArrayStream *out);

#endif
