#include "form.h"
#include "training_parallel.h"
#include "training_vectors.h"

#if defined(__x86_64__)
typedef struct {
    ork_blocked_shape s;
    ork_blocked x, y, gradient, target, residual;
    const float *scale, *shift, *factor, *slope, *offset, *mean;
    float *partial;
    bool relu, accumulates;
} job;

#define EACH_TYPE(function)                                                                \
    static void function##_any(const void *data, size_t first, size_t last) {              \
        const job *j = data;                                                               \
        for (size_t task = first; task < last; task++)                                     \
            if (j->s.type == ORK_TRAINING_F32)                                             \
                function(j, (int64_t)task, ORK_TRAINING_F32);                              \
            else                                                                           \
                function(j, (int64_t)task, ORK_TRAINING_BF16);                             \
    }

static void run(const job *j, ork_range_body body) {
    ork_training_parallel((size_t)j->s.items * j->s.blocks, 1, j->s.threads, body, j);
}

// Positions whose values stay in the first-level cache for the second look.
enum { chunk = 256 };

// Chunk by chunk, mean and squares about it, joined as Chan et al. (1979): sums of squares minus squares of sums would
// lose what matters.
ORK_TRAINING_TARGET static inline __attribute__((always_inline)) void moments(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task);
    wide mean = wide_zero(), squares = mean;
    for (int64_t start = 0; start < j->s.positions; start += chunk) {
        int64_t end = start + chunk < j->s.positions ? start + chunk : j->s.positions;
        wide sum[4], part[4];
        for (int i = 0; i < 4; i++) sum[i] = part[i] = wide_zero();
        int64_t p = start;
        for (; p + 4 <= end; p += 4)
            for (int i = 0; i < 4; i++) sum[i] = wide_add(sum[i], get(x, (p + i) * 16, type));
        for (; p < end; p++) sum[0] = wide_add(sum[0], get(x, p * 16, type));
        wide total = wide_add(wide_add(sum[0], sum[1]), wide_add(sum[2], sum[3]));
        wide center = wide_mul(total, wide_all(1.0f / (float)(end - start)));
        for (p = start; p + 4 <= end; p += 4)
            for (int i = 0; i < 4; i++) {
                wide distance = wide_sub(get(x, (p + i) * 16, type), center);
                part[i] = wide_fma(distance, distance, part[i]);
            }
        for (; p < end; p++) {
            wide distance = wide_sub(get(x, p * 16, type), center);
            part[0] = wide_fma(distance, distance, part[0]);
        }
        wide inner = wide_add(wide_add(part[0], part[1]), wide_add(part[2], part[3]));
        wide apart = wide_sub(center, mean);
        float share = (float)(end - start) / (float)end;
        squares = wide_add(squares, inner);
        squares = wide_fma(wide_mul(apart, apart), wide_all(share * (float)start), squares);
        mean = wide_fma(apart, wide_all(share), mean);
    }
    wide_store(j->partial + task * 32, mean);
    wide_store(j->partial + task * 32 + 16, squares);
}
ORK_TRAINING_TARGET EACH_TYPE(moments)

void ork_blocked_moments(ork_blocked_shape s, ork_blocked x, float *partial, float *mean, float *squares) {
    job j = {.s = s, .x = x, .partial = partial};
    run(&j, moments_any);
    for (int channel = 0; channel < s.blocks * 16; channel++) {
        double center = 0, total = 0;
        const float *first = partial + channel / 16 * 32 + channel % 16;
        for (int item = 0; item < s.items; item++) center += first[(int64_t)item * s.blocks * 32];
        center /= s.items;
        for (int item = 0; item < s.items; item++) {
            const float *part = first + (int64_t)item * s.blocks * 32;
            total += part[16] + (part[0] - center) * (part[0] - center) * (double)s.positions;
        }
        mean[channel] = (float)center;
        squares[channel] = (float)total;
    }
}

ORK_TRAINING_TARGET static inline __attribute__((always_inline)) void normalize(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task), *residual = block_of(j->residual, j->s, task);
    void *y = block_of(j->y, j->s, task);
    const int64_t channel = task % j->s.blocks * 16;
    const wide scale = wide_load(j->scale + channel), shift = wide_load(j->shift + channel);
    // A maximum whose second operand is the value keeps a NaN.
    const wide floor = wide_all(j->relu ? 0 : -__builtin_inff());
    if (residual)
        for (int64_t p = 0; p < j->s.positions; p++) {
            wide value = wide_fma(get(x, p * 16, type), scale, shift);
            put(y, p * 16, type, wide_max(floor, wide_add(value, get(residual, p * 16, type))));
        }
    else
        for (int64_t p = 0; p < j->s.positions; p++)
            put(y, p * 16, type, wide_max(floor, wide_fma(get(x, p * 16, type), scale, shift)));
}
ORK_TRAINING_TARGET EACH_TYPE(normalize)

void ork_blocked_normalize(
    ork_blocked_shape s, ork_blocked x, ork_blocked residual, ork_blocked y, const float *scale, const float *shift,
    bool relu) {
    job j = {.s = s, .x = x, .residual = residual, .y = y, .scale = scale, .shift = shift, .relu = relu};
    run(&j, normalize_any);
}

// The gradient where the rectified result is above zero.
ORK_TRAINING_INLINE wide masked(
    const job *j, const void *y, const void *gradient, int64_t index, int type, wide x, wide scale, wide shift) {
    wide g = get(gradient, index, type);
    if (!j->relu) return g;
    wide result = y ? get(y, index, type) : wide_fma(x, scale, shift);
    return wide_where_positive(result, g);
}

ORK_TRAINING_TARGET static inline __attribute__((always_inline)) void slopes(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task), *y = block_of(j->y, j->s, task);
    const void *gradient = block_of(j->gradient, j->s, task);
    const int64_t channel = task % j->s.blocks * 16;
    const wide scale = wide_load(j->scale + channel), shift = wide_load(j->shift + channel);
    const wide mean = wide_load(j->mean + channel);
    wide sum[2], product[2];
    sum[0] = sum[1] = product[0] = product[1] = wide_zero();
    int64_t p = 0;
    for (; p + 2 <= j->s.positions; p += 2)
        for (int i = 0; i < 2; i++) {
            wide value = get(x, (p + i) * 16, type);
            wide g = masked(j, y, gradient, (p + i) * 16, type, value, scale, shift);
            sum[i] = wide_add(sum[i], g);
            product[i] = wide_fma(g, wide_sub(value, mean), product[i]);
        }
    for (; p < j->s.positions; p++) {
        wide value = get(x, p * 16, type);
        wide g = masked(j, y, gradient, p * 16, type, value, scale, shift);
        sum[0] = wide_add(sum[0], g);
        product[0] = wide_fma(g, wide_sub(value, mean), product[0]);
    }
    wide_store(j->partial + task * 32, wide_add(sum[0], sum[1]));
    wide_store(j->partial + task * 32 + 16, wide_add(product[0], product[1]));
}
ORK_TRAINING_TARGET EACH_TYPE(slopes)

void ork_blocked_slopes(
    ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
    const float *mean, bool relu, float *partial, float *sum, float *product) {
    job j = {.s = s, .x = x, .y = y, .gradient = gradient, .scale = scale, .shift = shift, .mean = mean, .relu = relu,
             .partial = partial};
    run(&j, slopes_any);
    for (int channel = 0; channel < s.blocks * 16; channel++) {
        double sums = 0, products = 0;
        const float *part = partial + channel / 16 * 32 + channel % 16;
        for (int item = 0; item < s.items; item++, part += (int64_t)s.blocks * 32) {
            sums += part[0];
            products += part[16];
        }
        sum[channel] = (float)sums;
        product[channel] = (float)products;
    }
}

ORK_TRAINING_TARGET static inline __attribute__((always_inline)) void back(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task), *y = block_of(j->y, j->s, task);
    const void *gradient = block_of(j->gradient, j->s, task);
    void *target = block_of(j->target, j->s, task), *residual = block_of(j->residual, j->s, task);
    const int64_t channel = task % j->s.blocks * 16;
    const wide scale = wide_load(j->scale + channel), shift = wide_load(j->shift + channel);
    const wide factor = wide_load(j->factor + channel), slope = wide_load(j->slope + channel);
    const wide offset = wide_load(j->offset + channel);
    for (int64_t p = 0; p < j->s.positions; p++) {
        wide value = get(x, p * 16, type);
        wide g = masked(j, y, gradient, p * 16, type, value, scale, shift);
        if (target) put(target, p * 16, type, wide_fma(g, factor, wide_fma(value, slope, offset)));
        if (!residual) continue;
        put(residual, p * 16, type, j->accumulates ? wide_add(get(residual, p * 16, type), g) : g);
    }
}
ORK_TRAINING_TARGET EACH_TYPE(back)

void ork_blocked_normalize_back(
    ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
    const float *factor, const float *slope, const float *offset, bool relu, ork_blocked target, ork_blocked residual,
    bool accumulates) {
    job j = {.s = s, .x = x, .y = y, .gradient = gradient, .scale = scale, .shift = shift, .factor = factor,
             .slope = slope, .offset = offset, .relu = relu, .target = target, .residual = residual,
             .accumulates = accumulates};
    run(&j, back_any);
}
#endif
