#include "include/training_blocked.h"
#include "training_parallel.h"

typedef struct {
    ork_blocked_shape s;
    ork_lattice l;
    const float *source;
    ork_blocked target;
    bool accumulates;
} job;

static void spread(const void *data, size_t first, size_t last) {
    const job *j = data;
    const ork_lattice *l = &j->l;
    const int64_t positions = (int64_t)l->size[0] * l->size[1] * l->size[2];
    for (size_t task = first; task < last; task++) {
        const float *from = j->source + (int64_t)task * positions * 16;
        float *block = (float *)j->target.data + (int64_t)(task / (size_t)j->s.blocks) * j->target.item
            + (int64_t)(task % (size_t)j->s.blocks) * j->s.positions * 16;
        for (int d = 0; d < l->size[0]; d++)
            for (int h = 0; h < l->size[1]; h++) {
                const int64_t z = l->first[0] + d * l->step[0], y = l->first[1] + h * l->step[1];
                float *to = block + ((z * l->whole[1] + y) * l->whole[2] + l->first[2]) * 16;
                for (int w = 0; w < l->size[2]; w++, from += 16, to += l->step[2] * 16)
                    for (int i = 0; i < 16; i++) to[i] = j->accumulates ? to[i] + from[i] : from[i];
            }
    }
}

void ork_blocked_spread(
    ork_blocked_shape s, ork_lattice lattice, const float *source, ork_blocked target, bool accumulates) {
    job j = {s, lattice, source, target, accumulates};
    ork_training_parallel((size_t)s.items * (size_t)s.blocks, 1, s.threads, spread, &j);
}
