/* The task that each goroutine works for, for the analyses. */
#ifndef TRI_ANALYSIS_TASKS_H
#define TRI_ANALYSIS_TASKS_H

#include "analysis/keymap.h"
#include "tracereader/event.h"

/* A region that has not ended. */
struct tri_analysis_region {
    uint64_t task;
    size_t below; /* that its goroutine began before: place + 1, 0: none */
};

/* Begins as all zeros. */
struct tri_analysis_tasks {
    struct tri_analysis_map top; /* goroutine -> place + 1 of the region it began last */
    struct tri_analysis_region *regions;
    size_t count, capacity;
    size_t free; /* place + 1 of the first of a list that goes on by `below` */
};

/* Take note of an event; -1 if there is no memory. */
int tri_analysis_tasks_note(struct tri_analysis_tasks *t, const tr_event *ev);
/* A goroutine's task, TR_BACKGROUND_TASK if it has none. */
uint64_t tri_analysis_task_of(const struct tri_analysis_tasks *t, int64_t goroutine);
void tri_analysis_tasks_free(struct tri_analysis_tasks *t);

#endif
