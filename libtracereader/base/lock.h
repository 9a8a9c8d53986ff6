/* A lock that a forked process can take: no thread holds one while the process forks. */
#ifndef TRI_BASE_LOCK_H
#define TRI_BASE_LOCK_H

#include <pthread.h>

struct tri_lock {
    pthread_mutex_t mutex;
};

/* 0 if it cannot be had. */
int tri_lock_init(struct tri_lock *l);
void tri_lock_destroy(struct tri_lock *l);
/* Who holds one takes no other, and calls nothing that is the caller's but an allocator. */
void tri_lock_hold(struct tri_lock *l);
void tri_lock_release(struct tri_lock *l);

#endif
