/* All tables, one file a subject. */
#ifndef TRI_TABLE_TABLES_H
#define TRI_TABLE_TABLES_H

#include "table/table.h"

extern const struct tri_table_spec tri_table_events;

#endif
