/* Stacks as text. */
#ifndef TRI_EVENT_STACKTEXT_H
#define TRI_EVENT_STACKTEXT_H

#include "base/text.h"
#include "gen/tables.h"

/* The most bytes that texts of stacks take in a generation's tables. */
enum { TRI_STACK_TEXT_BYTES = 4 << 20 };

/* Write the frames of a stack, two lines each; nothing if it is empty or absent, or
 * there is no memory to resolve it. */
void tri_event_stack_text(struct tri_text *t, tr_stack stack);

#endif
