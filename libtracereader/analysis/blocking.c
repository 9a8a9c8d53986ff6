/* How often and how long goroutines blocked, by reason, function, goroutine, stack or task.
 *
 * Invariants: `waits` holds exactly the goroutines that wait and whose wait began
 * in the trace, so that memory grows with what waits at once and with the rows,
 * not with the trace; nothing of a generation is kept past its Sync event (rows
 * own copies of their keys); the order of hash maps never shows.
 *
 * A wait ends with the next transition of its goroutine to another state than
 * waiting; in a trace that is salvaged, also where that is created again. The trace repeats
 * every goroutine's state in each generation, from waiting to waiting too: such a one ends
 * nothing. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keymap.h"
#include "analysis/tasks.h"
#include "tracereader/analysis.h"

/* Rows of the reasons seen lately, by the address of the text: reasons are few, and
 * each is at one place in a generation. */
enum { RECENT_TEXTS = 64 };
struct recent_text {
    tr_str text;  /* `ptr` is NULL: free */
    uint64_t row; /* + 1 */
};

struct tr_blocking {
    tr_blocking_by by;
    int only_count;    /* `waits` stays empty */
    int64_t goroutine; /* only of this one, or TR_ANY */
    tr_blocking_row *rows;
    size_t row_count;
    size_t row_capacity;
    uint64_t blocked;
    struct tri_analysis_map row_of_key; /* id, or a text's -> row + 1 */
    struct tri_analysis_map waits;      /* goroutine -> row + 1, and when it began */

    /* By function or stack: stack id -> row + 1, for one generation. */
    struct tri_analysis_map row_of_stack;
    const tr_tables *stack_tables;
    struct recent_text recent[RECENT_TEXTS]; /* of one generation, too */
    uint64_t generation;
    char *frames; /* by stack: the text of one */
    size_t frames_capacity;
    struct tri_analysis_tasks tasks; /* by task: of goroutines */

    int64_t last_ns; /* time of the last event */
    int finished;
    tr_status failed; /* TR_OK: nothing did */
};

tr_blocking *tr_blocking_new(tr_blocking_by by)
{
    tr_blocking *b;
    if ((unsigned)by > TR_BLOCKING_BY_TASK)
        return NULL;
    b = calloc(1, sizeof *b);
    if (b) {
        b->by = by;
        b->goroutine = TR_ANY;
    }
    return b;
}

void tr_blocking_free(tr_blocking *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->row_count; i++)
        if (b->rows[i].key.len > 0)
            free((void *)(uintptr_t)b->rows[i].key.ptr);
    free(b->rows);
    tri_analysis_map_free(&b->row_of_key);
    tri_analysis_map_free(&b->waits);
    tri_analysis_map_free(&b->row_of_stack);
    tri_analysis_tasks_free(&b->tasks);
    free(b->frames);
    free(b);
}

void tr_blocking_only_count(tr_blocking *b)
{
    if (b)
        b->only_count = 1;
}

void tr_blocking_only_goroutine(tr_blocking *b, int64_t goroutine)
{
    if (b)
        b->goroutine = goroutine;
}

uint64_t tr_blocking_count(const tr_blocking *b)
{
    return b ? b->blocked : 0;
}

size_t tr_blocking_row_count(const tr_blocking *b)
{
    return b && b->finished ? b->row_count : 0;
}

const tr_blocking_row *tr_blocking_row_at(const tr_blocking *b, size_t i)
{
    return i < tr_blocking_row_count(b) ? &b->rows[i] : NULL;
}

static void add_time(uint64_t *sum, uint64_t ns)
{
    *sum = *sum <= UINT64_MAX - ns ? *sum + ns : UINT64_MAX;
}

/* Times wrap in hostile traces, and so does this. */
static uint64_t elapsed(int64_t from_ns, int64_t to_ns)
{
    return (uint64_t)to_ns - (uint64_t)from_ns;
}

/* Append a row. Return its number plus 1, 0 if there is no memory. */
static uint64_t add_row(tr_blocking *b, tr_str key)
{
    tr_blocking_row *row;

    if (b->row_count == b->row_capacity) {
        size_t capacity = b->row_capacity ? b->row_capacity * 2 : 16;
        tr_blocking_row *rows;
        if (capacity > SIZE_MAX / sizeof *rows)
            return 0;
        rows = realloc(b->rows, capacity * sizeof *rows);
        if (!rows)
            return 0;
        b->rows = rows;
        b->row_capacity = capacity;
    }

    row = &b->rows[b->row_count];
    memset(row, 0, sizeof *row);
    row->goroutine = row->stack = TR_NONE;
    row->key.ptr = "";
    if (key.len > 0) {
        char *copy = malloc(key.len);
        if (!copy)
            return 0;
        memcpy(copy, key.ptr, key.len);
        row->key.ptr = copy;
        row->key.len = key.len;
    }
    return ++b->row_count;
}

/* Find or add the row of a text. Texts of equal key take the next free ones. */
static uint64_t row_of_text(tr_blocking *b, tr_str text)
{
    uint64_t row;
    struct tri_analysis_slot *slot;

    for (uint64_t key = tri_analysis_key_of(b, text);; key++) {
        slot = tri_analysis_map_insert(&b->row_of_key, key);
        if (!slot)
            return 0;
        if (slot->value == 0)
            break;
        tr_str have = b->rows[slot->value - 1].key;
        if (have.len == text.len && memcmp(have.ptr, text.ptr, text.len) == 0)
            return slot->value;
    }
    row = add_row(b, text);
    slot->value = row;
    return row;
}

/* What a salvaged event does not know any more. */
static uint64_t row_of_unresolved(tr_blocking *b)
{
    return row_of_text(b, (tr_str){"(unresolved)", sizeof "(unresolved)" - 1});
}

static uint64_t row_of_reason(tr_blocking *b, tr_str reason)
{
    struct recent_text *recent = &b->recent[(uintptr_t)reason.ptr % RECENT_TEXTS];
    if (recent->text.ptr != reason.ptr || recent->text.len != reason.len)
        *recent = (struct recent_text){reason, row_of_text(b, reason)};
    return recent->row;
}

/* Find or add the row of an id; 0 if there is no memory. */
static uint64_t row_of_id(tr_blocking *b, uint64_t id)
{
    struct tri_analysis_slot *slot = tri_analysis_map_insert(&b->row_of_key, id);
    if (slot && slot->value == 0) {
        slot->value = add_row(b, (tr_str){"", 0});
        if (slot->value != 0 && b->by == TR_BLOCKING_BY_GOROUTINE)
            b->rows[slot->value - 1].goroutine = (int64_t)id;
        else if (slot->value != 0)
            b->rows[slot->value - 1].task = id;
    }
    return slot ? slot->value : 0;
}

static bool append(tr_blocking *b, size_t *len, tr_str s)
{
    if (s.len > b->frames_capacity - *len) {
        size_t capacity = *len + s.len + 1024;
        char *frames = realloc(b->frames, capacity);
        if (!frames)
            return false;
        b->frames = frames;
        b->frames_capacity = capacity;
    }
    if (s.len > 0)
        memcpy(b->frames + *len, s.ptr, s.len);
    *len += s.len;
    return true;
}

static bool frame_at(tr_blocking *b, tr_stack stack, uint32_t i, tr_frame *frame)
{
    tr_status status = tr_stack_frame(stack, i, frame);
    if (status != TR_OK)
        b->failed = status;
    return status == TR_OK;
}

/* A line for the function, one for its file and line, innermost first. */
static uint64_t row_of_frames(tr_blocking *b, tr_stack stack)
{
    size_t len = 0, rows = b->row_count;
    uint64_t row;

    for (uint32_t i = 0; i < tr_stack_frame_count(stack); i++) {
        tr_frame frame;
        char line[32];
        int n;
        if (!frame_at(b, stack, i, &frame))
            return 0;
        n = snprintf(line, sizeof line, ":%" PRIu64 "\n", frame.line);
        if (!append(b, &len, frame.func) || !append(b, &len, (tr_str){"\n\t", 2}) ||
            !append(b, &len, frame.file) || !append(b, &len, (tr_str){line, (size_t)n}))
            return 0;
    }
    row = row_of_text(b, (tr_str){len ? b->frames : "", len});
    if (b->row_count > rows)
        b->rows[row - 1].stack = tr_stack_number(stack);
    return row;
}

/* Resolving a stack costs far more than looking its number up: it is done once a
 * stack and generation. */
static uint64_t row_of_function(tr_blocking *b, tr_stack stack, int unresolved)
{
    tr_frame frame;

    if (!frame_at(b, stack, 0, &frame))
        return 0;
    return unresolved && frame.func.len == 0 ? row_of_unresolved(b) : row_of_text(b, frame.func);
}

static uint64_t row_of_stack(tr_blocking *b, tr_stack stack, int unresolved)
{
    struct tri_analysis_slot *slot;

    if (tr_stack_frame_count(stack) == 0)
        return unresolved && tr_stack_present(stack) ? row_of_unresolved(b)
                                                     : row_of_text(b, (tr_str){"", 0});
    if (stack.tables != b->stack_tables) {
        tri_analysis_map_clear(&b->row_of_stack);
        b->stack_tables = stack.tables;
    }
    slot = tri_analysis_map_insert(&b->row_of_stack, stack.id);
    if (!slot)
        return 0;
    if (slot->value == 0)
        slot->value = b->by == TR_BLOCKING_BY_STACK ? row_of_frames(b, stack)
                                                    : row_of_function(b, stack, unresolved);
    return slot->value;
}

static uint64_t row_of(tr_blocking *b, const tr_event *ev)
{
    const tr_ev_transition *t = &ev->transition;
    int unresolved = (ev->flags & TR_EV_UNRESOLVED) != 0;

    if (b->by == TR_BLOCKING_BY_REASON) /* the usual one */
        return unresolved && t->reason.len == 0 ? row_of_unresolved(b)
                                                : row_of_reason(b, t->reason);
    if (b->by == TR_BLOCKING_BY_GOROUTINE)
        return row_of_id(b, (uint64_t)t->id);
    if (b->by == TR_BLOCKING_BY_TASK)
        return row_of_id(b, tri_analysis_task_of(&b->tasks, t->id));
    return row_of_stack(b, t->stack, unresolved);
}

static bool add_transition(tr_blocking *b, const tr_event *ev)
{
    const tr_ev_transition *t = &ev->transition;
    int64_t time_ns = ev->time_ns;
    int begins = t->to == TR_GO_WAITING && tr_state_executing(t->from);
    struct tri_analysis_slot *wait;
    uint64_t row;

    if (b->goroutine != TR_ANY && t->id != b->goroutine)
        return true;
    if (!begins) {
        /* Most transitions are between runnable and running: nothing to look up. */
        int ends = t->from == TR_GO_WAITING ? t->to != TR_GO_WAITING : t->from == TR_GO_NOT_EXIST;
        if (!ends || b->waits.count == 0)
            return true;
        wait = tri_analysis_map_find(&b->waits, (uint64_t)t->id);
        if (wait) {
            add_time(&b->rows[wait->value - 1].total_ns, elapsed(wait->time, time_ns));
            tri_analysis_map_remove(&b->waits, wait);
        }
        return true;
    }

    row = row_of(b, ev);
    if (row == 0)
        return false;
    b->rows[row - 1].count++;
    b->blocked++;
    if (b->only_count)
        return true;
    wait = tri_analysis_map_insert(&b->waits, (uint64_t)t->id);
    if (!wait)
        return false;
    if (wait->value != 0) /* its end was filtered out */
        add_time(&b->rows[wait->value - 1].total_ns, elapsed(wait->time, time_ns));
    wait->value = row;
    wait->time = time_ns;
    return true;
}

tr_status tr_blocking_read(tr_blocking *b, tr_reader *r, uint64_t max_events)
{
    if (!b || !r || b->finished)
        return TR_E_MISUSE;
    if (b->failed != TR_OK)
        return b->failed;
    for (uint64_t n = 0; max_events == 0 || n < max_events; n++) {
        const tr_event *ev;
        tr_status status = tr_reader_next(r, &ev);
        if (status != TR_OK)
            return status;
        b->last_ns = ev->time_ns;
        if (ev->generation != b->generation || ev->kind == TR_KIND_SYNC) {
            /* The next generation's tables and texts may lie where the last's were. */
            tri_analysis_map_clear(&b->row_of_stack);
            b->stack_tables = NULL;
            memset(b->recent, 0, sizeof b->recent);
            b->generation = ev->generation;
        }
        if ((ev->kind == TR_KIND_STATE_TRANSITION &&
             ev->transition.resource == TR_RESOURCE_GOROUTINE && !add_transition(b, ev)) ||
            (b->by == TR_BLOCKING_BY_TASK && tri_analysis_tasks_note(&b->tasks, ev) != 0)) {
            return b->failed = b->failed != TR_OK ? b->failed : TR_E_NOMEM;
        }
    }
    return TR_OK;
}

static int compare_keys(const tr_blocking_row *a, const tr_blocking_row *b)
{
    size_t shorter = a->key.len < b->key.len ? a->key.len : b->key.len;
    int order = memcmp(a->key.ptr, b->key.ptr, shorter);
    if (order != 0)
        return order;
    if (a->key.len != b->key.len)
        return a->key.len < b->key.len ? -1 : 1;
    if (a->goroutine != b->goroutine)
        return a->goroutine > b->goroutine ? 1 : -1;
    return (a->task > b->task) - (a->task < b->task);
}

static int compare_rows(const void *left, const void *right)
{
    const tr_blocking_row *a = left;
    const tr_blocking_row *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->total_ns != b->total_ns)
        return a->total_ns > b->total_ns ? -1 : 1;
    return compare_keys(a, b);
}

tr_status tr_blocking_finish(tr_blocking *b)
{
    uint64_t all_ns = 0;

    if (!b || b->finished)
        return TR_E_MISUSE;
    for (size_t i = 0; i < b->waits.capacity; i++) {
        const struct tri_analysis_slot *wait = &b->waits.slots[i];
        if (wait->value != 0) {
            tr_blocking_row *row = &b->rows[wait->value - 1];
            add_time(&row->total_ns, elapsed(wait->time, b->last_ns));
            row->open++;
        }
    }
    for (size_t i = 0; i < b->row_count; i++)
        add_time(&all_ns, b->rows[i].total_ns);
    for (size_t i = 0; i < b->row_count; i++) {
        tr_blocking_row *row = &b->rows[i];
        row->count_share = b->blocked ? (double)row->count / (double)b->blocked : (double)NAN;
        row->time_share = all_ns ? (double)row->total_ns / (double)all_ns : (double)NAN;
    }
    if (b->row_count > 1)
        qsort(b->rows, b->row_count, sizeof *b->rows, compare_rows);
    tri_analysis_map_free(&b->row_of_key);
    tri_analysis_map_free(&b->row_of_stack);
    tri_analysis_map_free(&b->waits);
    b->finished = 1;
    return TR_OK;
}
