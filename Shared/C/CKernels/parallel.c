#include "parallel.h"

extern void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);

typedef struct {
    ork_body body;
    void *data;
    int parts;
} team;

static void member(void *argument) {
    const team *t = argument;
    int threads = omp_get_num_threads();
    for (int part = omp_get_thread_num(); part < t->parts; part += threads) t->body(t->data, part, t->parts);
}

void ork_parallel(int parts, ork_body body, void *data) {
    if (parts <= 1) {
        body(data, 0, 1);
        return;
    }
    team t = {body, data, parts};
    GOMP_parallel(member, &t, (unsigned)parts, 0);
}
