/* Stacks as text. */
#ifndef TRI_EVENT_STACKTEXT_H
#define TRI_EVENT_STACKTEXT_H

#include "base/text.h"
#include "gen/tables.h"

/* The most bytes that texts of stacks take in a generation's tables. */
enum { TRI_STACK_TEXT_BYTES = 4 << 20 };

/* The general case: a text that is not kept yet, or none. */
void tri_event_stack_text_slow(struct tri_text *t, tr_stack stack);

/* Write the frames of a stack, two lines each; nothing if it is empty or absent, or
 * there is no memory to resolve it. */
static inline void tri_event_stack_text(struct tri_text *t, tr_stack stack)
{
    struct tr_tables *tables = (struct tr_tables *)stack.tables; /* as good as const */
    const struct tri_stack_text *text = NULL;
    if (tables && stack.id != 0 && stack.id <= tables->stack_ids.count) {
        struct tri_stack_texts *texts =
            atomic_load_explicit(&tables->stack_texts, memory_order_acquire);
        if (texts)
            text = atomic_load_explicit(&texts->of[stack.id - 1], memory_order_acquire);
    }
    if (text)
        tri_text_bytes(t, text->text, text->len);
    else
        tri_event_stack_text_slow(t, stack);
}

#endif
