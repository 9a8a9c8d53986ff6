/* Texts as Arrow has them: bytes one behind the other, and where each begins. Counted,
 * because batches share them: what others hold stays as it is while texts are added behind
 * it, and when there is no room any more, whoever adds goes on with a copy. */
#ifndef TRI_TABLE_TEXTS_H
#define TRI_TABLE_TEXTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"

struct tri_texts {
    atomic_int refs;
    struct tri_mem *mem;
    uint32_t count, cap;  /* texts */
    uint32_t bytes, room; /* of all of them, and for how many there is room */
    int32_t *offsets;     /* count + 1 */
    char *text;
};

/* NULL if there is no memory. */
struct tri_texts *tri_texts_new(struct tri_mem *mem);
struct tri_texts *tri_texts_ref(struct tri_texts *t);
/* NULL is allowed. */
void tri_texts_unref(struct tri_texts *t);

/* Add a text, with U+FFFD in place of what is not UTF-8, as Python's "replace" does. false:
 * there is no memory, or they would pass 2 GiB. */
bool tri_texts_add(struct tri_texts **t, tr_str s);

/* The text of a number below `count`. */
static inline tr_str tri_texts_get(const struct tri_texts *t, uint32_t number)
{
    return (tr_str){t->text + t->offsets[number],
                    (size_t)(t->offsets[number + 1] - t->offsets[number])};
}

#endif
