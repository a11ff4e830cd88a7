#include "training_parallel.h"

extern void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);

typedef struct {
    size_t count, grain;
    ork_range_body body;
    const void *data;
} split;

static void member(void *argument) {
    const split *s = argument;
    size_t threads = (size_t)omp_get_num_threads(), part = (size_t)omp_get_thread_num();
    size_t grains = (s->count + s->grain - 1) / s->grain;
    size_t first = grains * part / threads * s->grain, last = grains * (part + 1) / threads * s->grain;
    if (last > s->count) last = s->count;
    if (first < last) s->body(s->data, first, last);
}

void ork_training_parallel(size_t count, size_t grain, int threads, ork_range_body body, const void *data) {
    if (count == 0) return;
    if (threads <= 1 || count <= grain) {
        body(data, 0, count);
        return;
    }
    split s = {count, grain, body, data};
    GOMP_parallel(member, &s, (unsigned)threads, 0);
}

extern void omp_set_num_threads(int threads);
void ork_training_set_threads(int threads);
void ork_training_set_threads(int threads) { omp_set_num_threads(threads); }
