/* A mutex that another thread holds at a fork stays held in the new process for ever.
 *
 * Invariant: who holds a lock holds `gate` for reading, and a fork holds it for writing. */
#include "base/lock.h"

static pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
    pthread_rwlock_wrlock(&gate);
}

static void after_fork(void)
{
    pthread_rwlock_unlock(&gate);
}

/* In the new process the thread that holds it has another number. */
static void begin_anew(void)
{
    pthread_rwlock_init(&gate, NULL);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, begin_anew);
}

int tri_lock_init(struct tri_lock *l)
{
    pthread_once(&once, watch_forks);
    return pthread_mutex_init(&l->mutex, NULL) == 0;
}

void tri_lock_destroy(struct tri_lock *l)
{
    pthread_mutex_destroy(&l->mutex);
}

void tri_lock_hold(struct tri_lock *l)
{
    pthread_rwlock_rdlock(&gate);
    pthread_mutex_lock(&l->mutex);
}

void tri_lock_release(struct tri_lock *l)
{
    pthread_mutex_unlock(&l->mutex);
    pthread_rwlock_unlock(&gate);
}
