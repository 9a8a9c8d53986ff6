/* An allocator double: counts, checks what it gets back, and fails when it is told to. Any
 * thread may use it. */
#ifndef TESTS_FAULT_HEAP_H
#define TESTS_FAULT_HEAP_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/support.h"

struct heap {
    uint64_t blocks, bytes, peak; /* alive; the most bytes ever */
    uint64_t calls;
    uint64_t fail_at; /* 0: never */
    int from_then_on;
    const char *problem; /* the first, NULL: none */
};

/* In front of each block, as large as the strictest alignment. */
union block_head {
    size_t size;
    max_align_t align;
};

static pthread_mutex_t heap_mutex = PTHREAD_MUTEX_INITIALIZER;

static inline void problem(struct heap *h, const char *what)
{
    if (!h->problem)
        h->problem = what;
}

static void *heap_alloc(void *user, size_t size)
{
    struct heap *h = user;
    pthread_mutex_lock(&heap_mutex);
    if (size == 0)
        problem(h, "0 bytes were asked for");
    h->calls++;
    int fails =
        h->fail_at && (h->calls == h->fail_at || (h->from_then_on && h->calls > h->fail_at));
    if (!fails) {
        h->blocks++;
        h->bytes += size;
        if (h->bytes > h->peak)
            h->peak = h->bytes;
    }
    pthread_mutex_unlock(&heap_mutex);
    if (fails)
        return NULL;
    union block_head *head = malloc(sizeof *head + size);
    require(head != NULL, "no memory for the test");
    head->size = size;
    memset(head + 1, 0xa5, size);
    return head + 1;
}

static void heap_free(void *user, void *ptr, size_t size)
{
    struct heap *h = user;
    union block_head *head = (union block_head *)ptr - 1;
    pthread_mutex_lock(&heap_mutex);
    if (!ptr)
        problem(h, "NULL was freed");
    else if (head->size != size)
        problem(h, "freed with another size than it was asked for with");
    if (ptr) {
        h->blocks--;
        h->bytes -= head->size;
    }
    pthread_mutex_unlock(&heap_mutex);
    if (ptr)
        free(head);
}

/* What is wrong once all has been given back, NULL: nothing. */
static inline const char *heap_problem(const struct heap *h)
{
    return h->problem ? h->problem : h->blocks || h->bytes ? "a leak" : NULL;
}

#endif
