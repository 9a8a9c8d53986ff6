/* Waiting first looks for a while, as what comes may come soon; then it sleeps.
 *
 * Invariant: who sleeps has set `waiting` before its last look at the counter, and who
 * changes the counter looks at `waiting` after that; both in one order for all threads. So
 * one of them sees the other. */
#include "base/wait.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

int tri_wait_init(struct tri_wait *w, int looks)
{
    w->looks = looks;
    atomic_init(&w->waiting, 0);
    if (pthread_mutex_init(&w->lock, NULL) != 0)
        return 0;
    if (pthread_cond_init(&w->changed, NULL) == 0)
        return 1;
    pthread_mutex_destroy(&w->lock);
    return 0;
}

void tri_wait_destroy(struct tri_wait *w)
{
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
}

static bool is_over(const atomic_uint *counter, unsigned value, const atomic_bool *also)
{
    return atomic_load(counter) != value || (also && atomic_load(also));
}

/* `until` NULL: for ever. */
static void wait_until(struct tri_wait *w, const atomic_uint *counter, unsigned value,
                       const atomic_bool *also, const struct timespec *until)
{
    for (int i = 0; i < w->looks; i++) {
        if (is_over(counter, value, also))
            return;
        relax();
    }
    int failed = 0;
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->waiting, 1);
    while (!failed && !is_over(counter, value, also))
        failed = until ? pthread_cond_timedwait(&w->changed, &w->lock, until)
                       : pthread_cond_wait(&w->changed, &w->lock);
    atomic_store(&w->waiting, 0);
    pthread_mutex_unlock(&w->lock);
}

void tri_wait_change(struct tri_wait *w, atomic_uint *counter, unsigned value,
                     const atomic_bool *also)
{
    wait_until(w, counter, value, also, NULL);
}

void tri_wait_change_for(struct tri_wait *w, atomic_uint *counter, unsigned value, unsigned ms)
{
    struct timespec until;
    if (!is_over(counter, value, NULL)) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)ms * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        wait_until(w, counter, value, NULL, &until);
    }
}

void tri_wait_raise(struct tri_wait *w)
{
    if (!atomic_load(&w->waiting))
        return;
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

int tri_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}
