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
extern const struct tri_table_spec tri_table_blocking_by_reason;
extern const struct tri_table_spec tri_table_blocking_by_function;
extern const struct tri_table_spec tri_table_blocking_by_goroutine;
extern const struct tri_table_spec tri_table_blocking_by_stack;
extern const struct tri_table_spec tri_table_blocking_by_task;

#endif
