/* All tables, one file a subject. */
#ifndef TRI_TABLE_TABLES_H
#define TRI_TABLE_TABLES_H

#include "table/table.h"

extern const struct tri_table_spec tri_table_events;
extern const struct tri_table_spec tri_table_intervals;
extern const struct tri_table_spec tri_table_goroutines;
extern const struct tri_table_spec tri_table_stacks;
extern const struct tri_table_spec tri_table_frames;
extern const struct tri_table_spec tri_table_strings;
extern const struct tri_table_spec tri_table_tasks;
extern const struct tri_table_spec tri_table_regions;
extern const struct tri_table_spec tri_table_logs;
extern const struct tri_table_spec tri_table_metrics;
extern const struct tri_table_spec tri_table_ranges;
extern const struct tri_table_spec tri_table_samples;

#endif
