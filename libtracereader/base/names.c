/* Names are swept now and then instead of being freed when their last holder goes:
 * the same few come and go all the time.
 *
 * Invariants: each entry is in the list of its hash or in the free one; as many lists
 * as entries at least. `unheld` counts those that have no holder. */
#include "base/names.h"

#include <string.h>

#include "base/map.h"

enum { FIRST_LISTS = 64 };

static int grow_lists(struct tri_names *n)
{
    uint32_t count = n->list_count ? n->list_count * 2 : FIRST_LISTS;
    if (!count) {
        tri_mem_lack(n->mem);
        return 0;
    }
    uint32_t *lists = tri_mem_zalloc(n->mem, count * sizeof *lists);
    if (!lists)
        return 0;
    for (uint32_t i = 0; i < n->count; i++) {
        struct tri_name *item = &n->items[i];
        if (!item->bytes)
            continue;
        item->next = lists[item->hash & (count - 1)];
        lists[item->hash & (count - 1)] = i + 1;
    }
    tri_mem_free(n->mem, n->lists, n->list_count * sizeof *lists);
    n->lists = lists;
    n->list_count = count;
    return 1;
}

static int add(struct tri_names *n, tr_str name, uint32_t hash, uint32_t *number)
{
    if (n->used >= n->list_count && !grow_lists(n))
        return 0;
    if (!n->free &&
        !tri_mem_reserve(n->mem, &n->items, &n->cap, (uint64_t)n->count + 1, sizeof *n->items))
        return 0;
    char *bytes = tri_mem_alloc(n->mem, name.len + 1);
    if (!bytes)
        return 0;
    memcpy(bytes, name.ptr, name.len);
    uint32_t at = n->free ? n->free - 1 : n->count;
    struct tri_name *item = &n->items[at];
    if (n->free)
        n->free = item->next;
    else
        n->count++;
    uint32_t *list = &n->lists[hash & (n->list_count - 1)];
    *item = (struct tri_name){bytes, (uint32_t)name.len, hash, 1, *list};
    *list = at + 1;
    n->used++;
    n->bytes += name.len + 1;
    *number = at;
    return 1;
}

int tri_names_hold(struct tri_names *n, tr_str name, uint32_t *number)
{
    if (!n->lists)
        n->seed = tri_hash_seed(n);
    uint32_t hash = tri_hash_bytes(n->seed, name.ptr, name.len);
    uint32_t at = n->list_count ? n->lists[hash & (n->list_count - 1)] : 0;
    for (; at; at = n->items[at - 1].next) {
        struct tri_name *item = &n->items[at - 1];
        if (item->hash == hash && item->len == name.len &&
            memcmp(item->bytes, name.ptr, name.len) == 0) {
            n->unheld -= item->holders++ == 0;
            *number = at - 1;
            return 1;
        }
    }
    return add(n, name, hash, number);
}

int tri_names_hold_ref(struct tri_names *n, uint32_t ref, tr_str name, uint32_t *number)
{
    if (tri_names_hold_known(n, ref, number))
        return 1;
    if (!tri_names_hold(n, name, number))
        return 0;
    if (ref)
        tri_names_note(n, ref, *number);
    return 1;
}

void tri_names_sweep(struct tri_names *n)
{
    memset(n->by_ref, 0, sizeof n->by_ref);
    memset(n->by_number, 0, sizeof n->by_number);
    /* What is gone over is paid for by what is forgotten. */
    if (n->unheld < n->list_count / 4)
        return;
    for (uint32_t l = 0; l < n->list_count; l++) {
        for (uint32_t *link = &n->lists[l]; *link;) {
            uint32_t number = *link;
            struct tri_name *item = &n->items[number - 1];
            if (item->holders) {
                link = &item->next;
                continue;
            }
            *link = item->next;
            tri_mem_free(n->mem, item->bytes, item->len + 1u);
            n->bytes -= item->len + 1u;
            *item = (struct tri_name){.next = n->free};
            n->free = number;
            n->used--;
        }
    }
    n->unheld = 0;
}

uint64_t tri_names_memory(const struct tri_names *n)
{
    return n->bytes + n->cap * sizeof *n->items + n->list_count * sizeof *n->lists;
}

void tri_names_free(struct tri_names *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        tri_mem_free(n->mem, n->items[i].bytes, n->items[i].len + 1u);
    tri_mem_free(n->mem, n->items, n->cap * sizeof *n->items);
    tri_mem_free(n->mem, n->lists, n->list_count * sizeof *n->lists);
    *n = (struct tri_names){.mem = n->mem};
}
