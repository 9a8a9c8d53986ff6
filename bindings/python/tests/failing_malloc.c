/* Loaded before the C library: malloc, calloc and realloc that fail when they are told to.
 * For test_memory.py, with glibc. */
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static long before = -1; /* calls that go well, as yet; -1: all do */
static long failing;     /* calls that fail then */

/* Let `count` calls fail after `first` others; -1: none. Gives how many still have to. */
long fail_malloc(long first, long count)
{
    long left = before < 0 ? 0 : failing;
    before = first;
    failing = count;
    return left;
}

static int fails(void)
{
    if (before < 0 || failing == 0)
        return 0;
    if (before > 0) {
        before--;
        return 0;
    }
    failing--;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}
