/* One list for the process: a test keeps the stacks of one trace at a time. */
#include "kept.h"

#include "support.h"

tr_stack kept[KEPT_MAX];
int kept_count;

void keep(tr_stack stack)
{
    if (kept_count == KEPT_MAX || tr_stack_frame_count(stack) == 0)
        return;
    tr_tables_ref(stack.tables);
    kept[kept_count++] = stack;
}

void let_go(void)
{
    for (int i = 0; i < kept_count; i++)
        tr_tables_unref(kept[i].tables);
    kept_count = 0;
}

uint64_t sum_of_kept(void)
{
    uint64_t sum = SUM_START;
    for (int k = 0; k < kept_count; k++) {
        for (uint32_t i = 0; i < tr_stack_frame_count(kept[k]); i++) {
            tr_frame f;
            if (tr_stack_frame(kept[k], i, &f) != TR_OK)
                return 0;
            sum = sum_add(sum, f.func.ptr, f.func.len);
            sum = sum_add(sum, f.file.ptr, f.file.len);
            sum = sum_add(sum, &f.pc, sizeof f.pc);
            sum = sum_add(sum, &f.line, sizeof f.line);
        }
    }
    return sum;
}
