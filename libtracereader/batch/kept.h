/* Columns that are kept small, in memory of the caller's. */
#ifndef TRI_BATCH_KEPT_H
#define TRI_BATCH_KEPT_H

#include "base/mem.h"
#include "tracereader/batch.h"

/* As tr_columns_new. `mem` (NULL: there was none) is theirs from here on. */
tr_columns *tri_columns_new(struct tri_mem *mem, const tr_column_id *ids, size_t count);

#endif
