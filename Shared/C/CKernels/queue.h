#pragma once
// Tasks in equal shares, one for each thread, which a thread that has done its own takes from the others': so nobody waits
// for one that is held up, and neighbors stay in one thread's cache. What is computed must not depend on who takes it.
#include <stdint.h>

typedef struct {
    int64_t next, end;
    int64_t apart[6];  // a cache line each
} ork_queue;

static inline void ork_queue_up(ork_queue *queues, int count, int64_t tasks) {
    for (int i = 0; i < count; i++) queues[i].next = tasks * i / count, queues[i].end = tasks * (i + 1) / count;
}

// Takes tasks in a row, thread `own`'s first: as many as `most`, towards the end fewer, but `least`. Returns how many.
static inline int64_t ork_take(ork_queue *queues, int count, int own, int64_t least, int64_t most, int64_t *first) {
    for (int i = 0; i < count; i++) {
        ork_queue *queue = queues + (own + i) % count;
        int64_t at = __atomic_load_n(&queue->next, __ATOMIC_RELAXED);
        while (at < queue->end) {
            const int64_t left = queue->end - at;
            int64_t number = left / 2 < least ? least : left / 2;
            if (number > most) number = most;
            if (number > left) number = left;
            if (!__atomic_compare_exchange_n(
                    &queue->next, &at, at + number, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
                continue;
            *first = at;
            return number;
        }
    }
    return 0;
}
