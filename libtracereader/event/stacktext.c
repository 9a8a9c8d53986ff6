/* Stacks as text: nearly all that is printed of a trace, and the same few again and
 * again. So each one's text is made once and kept in its generation's tables.
 *
 * Invariants: a text that is published never changes and stays while the tables do, so
 * that any thread may copy it; what is kept stays within `most`; what is printed is the
 * same whether it was kept or not. */
#include "event/stacktext.h"

/* A sixteenth of a reader's limit may go to texts: they are not to be what makes it fail. */
enum { LIMIT_SHARE = 16 };

static void frames_text(struct tri_text *t, const struct tr_tables *tables,
                        const struct tri_frames *frames, const struct tri_stack_entry *entry)
{
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct tri_pc_frame *f = &frames->pcs[frames->pc_of[entry->first + i]];
        tr_str func = tri_tables_string(tables, f->func);
        tr_str file = tri_tables_string(tables, f->file);
        tri_text_char(t, '\t');
        tri_text_bytes(t, func.ptr, func.len);
        tri_text_bytes(t, " @ 0x", 5);
        tri_text_hex(t, f->pc);
        tri_text_bytes(t, "\n\t\t", 3);
        tri_text_bytes(t, file.ptr, file.len);
        tri_text_char(t, ':');
        tri_text_u64(t, f->line);
        tri_text_char(t, '\n');
    }
}

/* Where texts are kept. NULL if there is no room for them. */
static struct tri_stack_texts *texts_of(struct tr_tables *tables)
{
    struct tri_stack_texts *have = atomic_load(&tables->stack_texts);
    if (have)
        return have;
    uint64_t limit = tri_mem_limit(tables->mem);
    uint64_t most = limit ? limit / LIMIT_SHARE : UINT64_MAX;
    if (most > TRI_STACK_TEXT_BYTES)
        most = TRI_STACK_TEXT_BYTES;
    uint64_t bytes = sizeof *have + tables->stack_ids.count * (uint64_t)sizeof have->of[0];
    if (bytes > most)
        return NULL;
    struct tri_stack_texts *made = tri_mem_alloc(tables->mem, (size_t)bytes);
    if (!made)
        return NULL;
    made->most = most;
    atomic_init(&made->bytes, (size_t)bytes);
    atomic_init(&made->full, false);
    for (uint32_t i = 0; i < tables->stack_ids.count; i++)
        atomic_init(&made->of[i], NULL);
    /* Two threads may both have made them; one's stay. */
    if (!atomic_compare_exchange_strong(&tables->stack_texts, &have, made)) {
        tri_mem_free(tables->mem, made, (size_t)bytes);
        return have;
    }
    return made;
}

/* Make and keep the text of the stack at a place. NULL if it cannot be kept. */
static const struct tri_stack_text *keep(struct tr_tables *tables, uint32_t place,
                                         const struct tri_frames *frames)
{
    struct tri_stack_texts *texts = texts_of(tables);
    if (!texts || atomic_load_explicit(&texts->full, memory_order_relaxed))
        return NULL;
    const struct tri_stack_entry *entry = &tables->stacks[place];
    struct tri_text measure = {NULL, 0, 0};
    frames_text(&measure, tables, frames, entry);
    size_t bytes = sizeof(struct tri_stack_text) + measure.len;
    if (atomic_fetch_add(&texts->bytes, bytes) + bytes > texts->most) {
        atomic_fetch_sub(&texts->bytes, bytes);
        atomic_store(&texts->full, true);
        return NULL;
    }
    struct tri_stack_text *have = NULL, *made = tri_mem_alloc(tables->mem, bytes);
    if (made) {
        struct tri_text t = {made->text, measure.len, 0};
        frames_text(&t, tables, frames, entry);
        made->len = (uint32_t)measure.len;
        if (atomic_compare_exchange_strong(&texts->of[place], &have, made))
            return made;
        tri_mem_free(tables->mem, made, bytes);
    }
    atomic_fetch_sub(&texts->bytes, bytes);
    return have;
}

void tri_event_stack_text_slow(struct tri_text *t, tr_stack stack)
{
    struct tr_tables *tables = (struct tr_tables *)stack.tables; /* as good as const */
    if (!tables || stack.id == 0 || stack.id > tables->stack_ids.count)
        return;
    const struct tri_frames *frames = tri_tables_frames(tables);
    if (!frames)
        return;
    const struct tri_stack_text *text = keep(tables, stack.id - 1, frames);
    if (text)
        tri_text_bytes(t, text->text, text->len);
    else
        frames_text(t, tables, frames, &tables->stacks[stack.id - 1]);
}
