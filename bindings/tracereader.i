/* What every language wraps of libtracereader: versions, names, numbers. A language's
 * own file adds how events and columns cross, which differs from one to the next.
 *
 * Events are never wrapped one struct at a time: see the language's file. */
%module(package="tracereader") native

%include <stdint.i>

%{
#include <tracereader.h>
%}

/* Enumerations cross as plain numbers. */
%apply int { tr_kind, tr_state, tr_resource, tr_column_id, tr_blocking_by };

#ifdef SWIGPYTHON
%include "python/python.i"
#endif

/* Lookups by number, and their names. The numbers themselves are part of the C
 * interface and never change. */
const char *tr_version(void);
const char *tr_compressions(void);
const char *tr_kind_name(tr_kind kind);
const char *tr_state_name(tr_state state);
const char *tr_resource_name(tr_resource resource);
const char *tr_table_name(size_t i);
const char *tr_column_name(tr_column_id id);
int tr_column_get_type(tr_column_id id);

%constant int TR_KIND_COUNT = TR_KIND_COUNT;
%constant int TR_KIND_STATE_TRANSITION = TR_KIND_STATE_TRANSITION;
%constant int TR_GO_WAITING = TR_GO_WAITING;
%constant int TR_COLUMN_COUNT = TR_COLUMN_COUNT;

%constant int TR_COLUMN_INT64 = TR_COLUMN_INT64;
%constant int TR_COLUMN_UINT64 = TR_COLUMN_UINT64;
%constant int TR_COLUMN_CODE = TR_COLUMN_CODE;

%constant int TR_TABLE_BOOL = TR_TABLE_BOOL;
%constant int TR_TABLE_INT64 = TR_TABLE_INT64;
%constant int TR_TABLE_UINT64 = TR_TABLE_UINT64;
%constant int TR_TABLE_DOUBLE = TR_TABLE_DOUBLE;
%constant int TR_TABLE_TIME = TR_TABLE_TIME;
%constant int TR_TABLE_NAME = TR_TABLE_NAME;
%constant int TR_TABLE_STRING = TR_TABLE_STRING;
%constant int TR_TABLE_TEXT = TR_TABLE_TEXT;

%constant long long TR_ANY = TR_ANY;

%constant int TR_OPT_THREADS = TR_OPT_THREADS;
%constant int TR_OPT_MAX_MEMORY_BYTES = TR_OPT_MAX_MEMORY_BYTES;
%constant int TR_OPT_MAX_GENERATION_BYTES = TR_OPT_MAX_GENERATION_BYTES;
%constant int TR_OPT_MAX_TABLE_BYTES = TR_OPT_MAX_TABLE_BYTES;
%constant int TR_OPT_MAX_THREADS = TR_OPT_MAX_THREADS;
%constant int TR_OPT_MAX_GOROUTINES = TR_OPT_MAX_GOROUTINES;
%constant int TR_OPT_MAX_STACKS = TR_OPT_MAX_STACKS;
%constant int TR_OPT_SPILL_BYTES = TR_OPT_SPILL_BYTES;
%constant int TR_OPT_SALVAGE = TR_OPT_SALVAGE;

%constant int TR_BLOCKING_BY_REASON = TR_BLOCKING_BY_REASON;
%constant int TR_BLOCKING_BY_STACK = TR_BLOCKING_BY_STACK;
