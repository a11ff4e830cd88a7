#include "include/training.h"

#include <math.h>

#include "training_parallel.h"

typedef struct {
    float *values;
    const float *gradients;
    float *first, *second;
    ork_sgd_settings sgd;
    ork_adamw_settings adamw;
} job;

// Compiled for several instruction sets; the loader picks. No sums are reordered, so all give the same numbers but for
// fused multiplications.
#if defined(__x86_64__)
#define VARIANTS __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define VARIANTS
#endif

VARIANTS static void sgd_plain(
    float *restrict w, const float *restrict g, size_t count, float rate, float decay) {
    for (size_t i = 0; i < count; i++) w[i] -= rate * (g[i] + decay * w[i]);
}

VARIANTS static void sgd_momentum(
    float *restrict w, const float *restrict g, float *restrict v, size_t count, float rate, float decay,
    float momentum) {
    for (size_t i = 0; i < count; i++) {
        v[i] = momentum * v[i] + (g[i] + decay * w[i]);
        w[i] -= rate * v[i];
    }
}

VARIANTS static void sgd_nesterov(
    float *restrict w, const float *restrict g, float *restrict v, size_t count, float rate, float decay,
    float momentum) {
    for (size_t i = 0; i < count; i++) {
        float slope = g[i] + decay * w[i];
        v[i] = momentum * v[i] + slope;
        w[i] -= rate * (slope + momentum * v[i]);
    }
}

VARIANTS static void adamw(
    float *restrict w, const float *restrict g, float *restrict m, float *restrict v, size_t count,
    ork_adamw_settings s) {
    for (size_t i = 0; i < count; i++) {
        m[i] += (1 - s.beta1) * (g[i] - m[i]);
        v[i] = s.beta2 * v[i] + (1 - s.beta2) * g[i] * g[i];
        w[i] = w[i] * s.shrink - s.rate * m[i] / (sqrtf(v[i]) * s.second_scale + s.epsilon);
    }
}

static void run_sgd(const void *data, size_t first, size_t last) {
    const job *j = data;
    size_t count = last - first;
    float *w = j->values + first;
    const float *g = j->gradients + first;
    ork_sgd_settings s = j->sgd;
    if (!j->first)
        sgd_plain(w, g, count, s.rate, s.decay);
    else if (s.nesterov)
        sgd_nesterov(w, g, j->first + first, count, s.rate, s.decay, s.momentum);
    else
        sgd_momentum(w, g, j->first + first, count, s.rate, s.decay, s.momentum);
}

static void run_adamw(const void *data, size_t first, size_t last) {
    const job *j = data;
    adamw(j->values + first, j->gradients + first, j->first + first, j->second + first, last - first, j->adamw);
}

// Below this many numbers another thread is not worth waking.
static const size_t grain = 16384;

void ork_training_sgd(
    float *values, const float *gradients, float *velocity, size_t count, ork_sgd_settings settings, int threads) {
    job j = {.values = values, .gradients = gradients, .first = velocity, .sgd = settings};
    ork_training_parallel(count, grain, threads, run_sgd, &j);
}

void ork_training_adamw(
    float *values, const float *gradients, float *first, float *second, size_t count, ork_adamw_settings settings,
    int threads) {
    job j = {.values = values, .gradients = gradients, .first = first, .second = second, .adamw = settings};
    ork_training_parallel(count, grain, threads, run_adamw, &j);
}
