/* Stacks that are kept with a reference to their tables, to be asked for later: when the
 * reader has gone on, or is freed, and by many threads at a time. */
#ifndef TESTS_GOLDEN_KEPT_H
#define TESTS_GOLDEN_KEPT_H

#include "tracereader.h"

enum { KEPT_MAX = 4000 };

extern tr_stack kept[KEPT_MAX];
extern int kept_count;

/* Unless it has no frames, or there are enough. */
void keep(tr_stack stack);
void let_go(void);
/* A sum over the frames of all stacks that are kept; 0 if one could not be had. */
uint64_t sum_of_kept(void);

#endif
