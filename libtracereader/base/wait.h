/* Threads of the library, and how they wait for each other. */
#ifndef TRI_BASE_WAIT_H
#define TRI_BASE_WAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Where one thread waits for a counter that another changes. */
struct tri_wait {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_int waiting;
    int looks;
};

/* Who waits looks so often before it sleeps: where what it waits for comes soon it is spared being
 * woken, else it only keeps the processor from others. 0 if it cannot be had. */
int tri_wait_init(struct tri_wait *w, int looks);
void tri_wait_destroy(struct tri_wait *w);

/* Wait while the counter has this value, or until *also is true (NULL: never). */
void tri_wait_change(struct tri_wait *w, atomic_uint *counter, unsigned value,
                     const atomic_bool *also);
/* The same, but not much longer than so many milliseconds. */
void tri_wait_change_for(struct tri_wait *w, atomic_uint *counter, unsigned value, unsigned ms);
/* Wake who waits: to be called after the counter has changed. */
void tri_wait_raise(struct tri_wait *w);

/* Start a thread, which no signal of the program interrupts. 0 if it cannot be had. */
int tri_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
