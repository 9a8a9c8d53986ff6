/* What the rules, the table of needs in relax.c and the keys in waits.c say of each type of
 * events.def is the same. Records are put to their rules in thousands of states, made at random:
 *
 * - what a rule refuses or lets wait advances once it is relaxed: nothing that the rule asks for
 *   is left out there;
 * - what a rule lets through is relaxed to the same rows and the same state: nothing is mended
 *   there that the rule does not ask for;
 * - who waits is noted, whatever its type, and woken by what lets it advance;
 * - which id of a record is missed first is the same with salvage and without. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "order/relax.h"

enum { STATES = 6000, THREAD = 1, OTHER_THREAD = 2, ROWS = 8 };
enum { OWN = 10, TARGET = 11, ABSENT = 12, GEN = 2, SEQ = 5, TASK = 30 };
enum { NAME = 1, OTHER_NAME = 2, STACK = 1, UNKNOWN = 99 }; /* ids of strings and stacks */

static struct tri_mem *mem;
static struct tri_err err;
static struct tri_order order;
static struct tri_generation gen;
static struct tri_record record;
static struct tri_row rows[ROWS];
static struct tri_step step;

static struct tr_tables *new_tables(void)
{
    static const char *const names[] = {"", "a name", "another"};
    struct tr_tables *t = tri_tables_new(mem);
    ck_assert(t && tri_ids_add(&t->stack_ids, STACK));
    for (uint64_t id = NAME; id <= OTHER_NAME; id++) {
        ck_assert(tri_tables_reserve_string(t) && tri_ids_add(&t->string_ids, id));
        t->strings[t->string_ids.count] = (tr_str){names[id], strlen(names[id])};
    }
    return t;
}

static void setup(void)
{
    mem = tri_mem_new(NULL);
    ck_assert_ptr_nonnull(mem);
    tri_err_init(&err);
    gen = (struct tri_generation){.number = GEN, .tables = new_tables()};
}

static void teardown(void)
{
    tr_tables_unref(gen.tables);
    ck_assert_uint_eq(tri_mem_used(mem), 0);
    tri_mem_unref(mem);
}

/* --- A state, by a number --- */

static uint64_t chosen;

static uint64_t choose(uint64_t count)
{
    return (random_next(&chosen) >> 20) % count;
}

static struct tri_seq any_seq(void)
{
    return (struct tri_seq){GEN - (choose(8) == 0), SEQ - 1 + (choose(4) == 0)};
}

static void add_ranges(struct tri_ranges *ranges)
{
    if (choose(2))
        return;
    unsigned type = tri_specs[record.where.at.type].start;
    struct tri_range range = {0, (uint8_t)(type ? type : record.where.at.type)};
    if (range.type == TRI_EV_STWBegin)
        range.name = NAME;
    tri_ranges_add(&order.state, ranges, range);
}

static struct tri_go *add_go(int64_t id)
{
    struct tri_go *go = tri_state_add_go(&order.state, id);
    go->status = (uint8_t)choose(TRI_GO_STATUS_COUNT);
    go->seq = any_seq();
    add_ranges(&go->ranges);
    uint32_t name;
    if (choose(2) &&
        tri_names_hold(&order.state.names, gen.tables->strings[NAME + choose(2)], &name))
        tri_state_enter_region(&order.state, go, TASK + choose(2), name);
    return go;
}

static struct tri_proc *add_proc(int64_t id, uint64_t status_count)
{
    struct tri_proc *proc = tri_state_add_proc(&order.state, id);
    proc->status = (uint8_t)choose(status_count);
    proc->seq = any_seq();
    add_ranges(&proc->ranges);
    return proc;
}

static struct tri_thread *add_thread(int64_t id, int64_t own)
{
    struct tri_thread *t = tri_state_add_thread(&order.state, id);
    t->known = choose(4) != 0;
    if (choose(3)) /* what is abandoned is on no thread */
        tri_thread_bind_proc(t, own, add_proc(own, TRI_PROC_ABANDONED));
    if (choose(3))
        tri_thread_bind_go(t, own, choose(6) ? add_go(own) : NULL);
    return t;
}

static uint64_t any_arg(enum tri_arg_type type)
{
    static const uint64_t threads[] = {THREAD, OTHER_THREAD, ABSENT, (uint64_t)TR_NONE};
    switch (type) {
    case TRI_ARG_GO:
    case TRI_ARG_PROC:
        return OWN + choose(3);
    case TRI_ARG_THREAD:
        return threads[choose(4)];
    case TRI_ARG_SEQ:
        return SEQ + (choose(6) == 0);
    case TRI_ARG_STATUS:
        return choose(6);
    case TRI_ARG_TASK:
        return TASK + choose(2);
    case TRI_ARG_STRING:
        return NAME + choose(2);
    case TRI_ARG_STACK:
    case TRI_ARG_STACK2:
        return STACK;
    default:
        return choose(100);
    }
}

/* Make the state with this number, and a record of a type. */
static void begin(unsigned type, uint64_t number, bool salvage)
{
    memset(&order, 0, sizeof order);
    order.mem = mem;
    order.err = &err;
    order.max_goroutines = UINT64_MAX;
    order.gen = &gen;
    tri_filter_set(&order.filter, NULL);
    tri_salvage_init(&order.gens.salvage, salvage);
    tri_state_init(&order.state, mem);
    tri_err_init(&err);

    chosen = number * 64 + type + 1;
    for (int i = 0; i < 20; i++)
        random_next(&chosen);
    const struct tri_spec *spec = &tri_specs[type];
    record = (struct tri_record){.time = 1000, .where = tri_where_of(100, type)};
    for (int i = 1; i < spec->arg_count; i++)
        record.args[i - 1] = any_arg((enum tri_arg_type)spec->arg_types[i]);
    memset(rows, 0, sizeof rows);
    step = (struct tri_step){
        .order = &order,
        .state = &order.state,
        .tables = gen.tables,
        .record = &record,
        .gen = GEN,
        .first_gen = choose(2),
        .thread = add_thread(THREAD, OWN),
        .row = rows,
    };
    step.thread->known = true;
    if (choose(2))
        add_thread(OTHER_THREAD, TARGET);
    if (choose(2) && !tri_state_go(&order.state, TARGET))
        add_go(TARGET);
    if (choose(2) && !tri_state_proc(&order.state, TARGET))
        add_proc(TARGET, TRI_PROC_STATUS_COUNT);
    order.state.gc = (enum tri_gc_state)choose(3);
    order.state.gc_seq = SEQ - 1 + (choose(4) == 0);
    if (choose(2)) {
        struct tri_task *task = tri_state_add_task(&order.state, TASK);
        task->parent = TR_NO_TASK;
        tri_names_hold(&order.state.names, gen.tables->strings[NAME], &task->type);
    }
}

static void end(void)
{
    tri_state_free(&order.state);
}

/* --- What a state is, in a text --- */

static size_t text_of_ranges(char *text, size_t size, const struct tri_ranges *ranges)
{
    size_t len = 0;
    for (unsigned type = 1; type < TRI_TYPE_COUNT; type++)
        if (tri_ranges_find_type(&order.state, ranges, (uint8_t)type) >= 0)
            len += (size_t)snprintf(text + len, size - len, " in %s", tri_spec_name(type));
    return len;
}

static void text_of_state(char *text, size_t size)
{
    size_t len = 0;
    for (int64_t id = OWN; id <= ABSENT; id++) {
        const struct tri_go *go = tri_state_go(&order.state, id);
        const struct tri_proc *proc = tri_state_proc(&order.state, id);
        if (go) {
            const struct tri_region *r = tri_state_region(&order.state, go);
            len += (size_t)snprintf(text + len, size - len, "go %d: status %u, %llu.%llu, task %d",
                                    (int)id, go->status, (unsigned long long)go->seq.gen,
                                    (unsigned long long)go->seq.seq, r ? (int)r->task : -1);
            len += text_of_ranges(text + len, size - len, &go->ranges);
        }
        if (proc) {
            len += (size_t)snprintf(text + len, size - len, "; proc %d: status %u, %llu.%llu",
                                    (int)id, proc->status, (unsigned long long)proc->seq.gen,
                                    (unsigned long long)proc->seq.seq);
            len += text_of_ranges(text + len, size - len, &proc->ranges);
        }
    }
    for (uint32_t i = 0; i < order.state.thread_count; i++) {
        const struct tri_thread *t = order.state.threads[i];
        len +=
            (size_t)snprintf(text + len, size - len, "; thread %d: proc %d, goroutine %d, has %u",
                             (int)t->id, (int)t->p, (int)t->g, t->has);
    }
    snprintf(text + len, size - len, "; %u goroutines, %u procs; gc %d %llu; task %d",
             order.state.go_of.used, order.state.proc_of.used, (int)order.state.gc,
             (unsigned long long)order.state.gc_seq, tri_state_task(&order.state, TASK) != NULL);
}

/* --- The tests --- */

/* What is compared of rows: names that are made are numbered on. */
static void keep_rows(struct tri_row *to)
{
    memcpy(to, rows, sizeof rows);
    for (int i = 0; i < ROWS; i++) {
        to[i].where.at.flags &= (uint8_t)~TR_EV_RELAXED;
        if (!tri_row_type(&to[i]) || tri_kinds[tri_row_type(&to[i])] == TR_KIND_EXPERIMENTAL)
            continue;
        if (to[i].string & TRI_STR_POOL)
            to[i].string = TRI_STR_POOL;
    }
}

/* What the rule lets through more easily than it is relaxed: a proc in a system call that is said
 * to be about to be stolen, and a collection that the trace began in. */
static bool is_special(void)
{
    unsigned type = record.where.at.type;
    return (type == TRI_EV_ProcStatus && record.args[1] == TRI_PROC_ABANDONED) ||
           (type == TRI_EV_GCActive && step.first_gen);
}

static bool is_ordered(unsigned type)
{
    return tri_specs[type].class == TRI_CLASS_TIMED && type != TRI_EV_ClockSnapshot;
}

START_TEST(test_relaxed)
{
    unsigned type = (unsigned)_i, advanced = 0;
    if (!is_ordered(type))
        return;
    for (uint64_t number = 0; number < STATES; number++) {
        char before[2000], want[2000], got[2000];
        struct tri_row wanted[ROWS], made[ROWS];
        begin(type, number, true);
        text_of_state(before, sizeof before);
        enum tri_verdict verdict = tri_step_advance(&step);
        text_of_state(want, sizeof want);
        long count = step.row - rows;
        keep_rows(wanted);
        end();
        begin(type, number, true);
        ck_assert_int_eq(tri_relax(&step), TRI_ADVANCE);
        text_of_state(got, sizeof got);
        ck_assert_msg(!order.gens.salvage.counts.lost_bytes && step.row > rows,
                      "%s is refused when it is relaxed: %s (%s)", tri_spec_name(type), before,
                      order.gens.salvage.first.error.message);
        keep_rows(made);
        if (verdict == TRI_ADVANCE && !is_special()) {
            advanced++;
            ck_assert_msg(step.row - rows == count && memcmp(made, wanted, sizeof made) == 0,
                          "%s makes other rows when it is relaxed: %s", tri_spec_name(type),
                          before);
            ck_assert_msg(strcmp(want, got) == 0, "%s, relaxed, makes of %s: %s, not %s",
                          tri_spec_name(type), before, got, want);
        }
        end();
    }
    ck_assert_msg(advanced > 5, "%s: %u", tri_spec_name(type), advanced);
}
END_TEST

/* Change one thing, as the step of another thread would, which tells so. */
static struct tri_step change(void)
{
    struct tri_step other = {.state = &order.state};
    int64_t id = OWN + (int64_t)choose(2);
    struct tri_go *go = tri_state_go(&order.state, id);
    struct tri_proc *proc = tri_state_proc(&order.state, id);
    switch (choose(5)) {
    case 0:
        if (!go)
            go = tri_state_add_go(&order.state, id);
        go->status = (uint8_t)choose(TRI_GO_STATUS_COUNT);
        go->seq = (struct tri_seq){GEN, SEQ - 1 + choose(2)};
        other.go = go;
        break;
    case 1: /* the one that is switched to */
        if (go) {
            go->status = (uint8_t)choose(TRI_GO_STATUS_COUNT);
            other.next = go;
        }
        break;
    case 2:
        if (!proc)
            proc = tri_state_add_proc(&order.state, id);
        proc->status = (uint8_t)choose(TRI_PROC_STATUS_COUNT);
        proc->seq = (struct tri_seq){GEN, SEQ - 1 + choose(2)};
        other.proc = proc;
        break;
    case 3: /* its proc is stolen */
        tri_thread_bind_proc(step.thread, TR_NONE, NULL);
        other.other = step.thread;
        break;
    default:
        order.state.gc = choose(2) ? TRI_GC_RUNNING : TRI_GC_NOT_RUNNING;
        order.state.gc_seq = SEQ - 1 + choose(2);
    }
    return other;
}

START_TEST(test_waits)
{
    unsigned type = (unsigned)_i, waited = 0, woken = 0;
    if (!is_ordered(type))
        return;
    for (uint64_t number = 0; number < STATES; number++) {
        struct tri_waits waits = {.mem = mem};
        begin(type, number, false);
        tri_waits_begin(&waits, 1);
        if (tri_step_advance(&step) == TRI_WAIT) {
            waited++;
            tri_waits_sleep(&waits, &step, 0);
            ck_assert_msg(waits.asleep == 1, "waits.c does not know for what %s waits",
                          tri_spec_name(type));
            struct tri_step other = change();
            tri_waits_wake(&waits, &other);
            if (tri_step_advance(&step) != TRI_WAIT) {
                woken++;
                ck_assert_msg(waits.asleep == 0, "%s is not woken (state %d)", tri_spec_name(type),
                              (int)number);
            }
        }
        tri_waits_free(&waits);
        end();
    }
    if (waited) {
        ck_assert_msg(woken > 5, "%s: %u", tri_spec_name(type), woken);
        return;
    }
    struct tri_waits waits = {.mem = mem};
    begin(type, 0, false);
    tri_waits_begin(&waits, 1);
    tri_waits_sleep(&waits, &step, 0);
    ck_assert_msg(waits.asleep == 0, "waits.c knows for what %s waits, which never does",
                  tri_spec_name(type));
    tri_waits_free(&waits);
    end();
}
END_TEST

/* What argument i of a type names in the tables, NULL: nothing. */
static const char *named_by(unsigned type, int i)
{
    switch (tri_specs[type].arg_types[i]) {
    case TRI_ARG_STRING:
        return "string";
    case TRI_ARG_STACK:
    case TRI_ARG_STACK2:
        return "stack";
    default:
        return NULL;
    }
}

/* Let argument i of a record name what is not there, if it names anything. */
static void forget_id(int i)
{
    if (named_by(record.where.at.type, i))
        record.args[i - 1] = UNKNOWN + (uint64_t)i;
}

/* Let a record that can advance name what is not there. */
static void forget_ids(void)
{
    for (int i = 1; i < tri_specs[record.where.at.type].arg_count; i++)
        forget_id(i);
}

/* Put the record to its rule: what is wrong with it, "" if nothing is. */
static void advance_and_tell(char message[static sizeof err.message])
{
    *message = '\0';
    if (tri_step_advance(&step) == TRI_FAIL)
        memcpy(message, err.message, sizeof err.message);
    else if (step.bad_id)
        snprintf(message, sizeof err.message, "invalid %s ID %llu for %s", step.bad_id,
                 (unsigned long long)step.bad_id_value, tri_spec_name(record.where.at.type));
}

/* Whether the record can advance in a state, also if what it names counts as empty. */
static bool advances(unsigned type, uint64_t number)
{
    begin(type, number, false);
    bool does = tri_step_advance(&step) == TRI_ADVANCE;
    end();
    begin(type, number, true);
    forget_ids();
    does = does && tri_step_advance(&step) == TRI_ADVANCE;
    end();
    return does;
}

START_TEST(test_unresolved)
{
    unsigned type = (unsigned)_i;
    char want[sizeof err.message];
    uint64_t number = 0;
    if (!is_ordered(type))
        return;
    while (!advances(type, number))
        number++;
    for (int i = 1; i < tri_specs[type].arg_count; i++) {
        const char *what = named_by(type, i);
        begin(type, number, false);
        forget_id(i);
        advance_and_tell(want);
        end();
        char told[sizeof err.message] = "";
        if (what)
            snprintf(told, sizeof told, "invalid %s ID %d for %s", what, UNKNOWN + i,
                     tri_spec_name(type));
        ck_assert_msg(strcmp(want, told) == 0, "%s without what its %s names: \"%s\"",
                      tri_spec_name(type), tri_specs[type].arg_names[i], want);
    }
    begin(type, number, false);
    forget_ids();
    advance_and_tell(want);
    end();
    begin(type, number, true);
    forget_ids();
    ck_assert_int_eq(tri_step_advance(&step), TRI_ADVANCE);
    if (step.bad_id)
        tri_relax_unresolved(&step, rows);
    ck_assert_str_eq(*want ? order.gens.salvage.first.error.message : "", want);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("order/rules");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, test_relaxed, 1, TRI_TYPE_COUNT);
    tcase_add_loop_test(all, test_waits, 1, TRI_TYPE_COUNT);
    tcase_add_loop_test(all, test_unresolved, 1, TRI_TYPE_COUNT);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
