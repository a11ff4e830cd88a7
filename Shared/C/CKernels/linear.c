#include "include/pixels.h"
#include "lanes.h"
#include "parallel.h"

typedef struct {
    const float *x, *bias;
    ork_pixels weights;
    float *y;
    int64_t items, inputs, outputs;
} linear;

ORK_INLINE float sum(const lanes *x) {
    float total = 0;
    for (int i = 0; i < 16; i++) total += (*x)[i];
    return total;
}

// Weights are read once for all items: they are what takes time.
ORK_CLONES static void rows(void *data, int part, int parts) {
    const linear *l = data;
    const int64_t first = l->outputs * part / parts, end = l->outputs * (part + 1) / parts, whole = l->inputs / 64 * 64;
    for (int64_t row = first; row < end; row++)
        for (int64_t item = 0; item < l->items; item++) {
            const float *x = l->x + item * l->inputs;
            lanes totals[4] = {{0}, {0}, {0}, {0}};
            for (int64_t k = 0; k < whole; k += 64)
                for (int j = 0; j < 4; j++) {
                    lanes weight;
                    load(&weight, &l->weights, row * l->inputs + k + 16 * j);
                    totals[j] += weight * *(const lanes *)(x + k + 16 * j);
                }
            lanes all = (totals[0] + totals[1]) + (totals[2] + totals[3]);
            float total = sum(&all);
            for (int64_t k = whole; k < l->inputs; k++) {
                float weight;
                if (l->weights.is_bf16) {
                    uint32_t word = (uint32_t)((const uint16_t *)l->weights.data)[row * l->inputs + k] << 16;
                    memcpy(&weight, &word, 4);
                } else {
                    weight = ((const float *)l->weights.data)[row * l->inputs + k];
                }
                total += weight * x[k];
            }
            l->y[item * l->outputs + row] = total + l->bias[row];
        }
}

void ork_linear(
    const float *x, const void *weights, bool is_bf16, const float *bias, float *y, int64_t items, int64_t inputs,
    int64_t outputs, int threads) {
    linear l = {
        .x = x, .bias = bias, .weights = {.data = (void *)weights, .is_bf16 = is_bf16}, .y = y, .items = items,
        .inputs = inputs, .outputs = outputs};
    const int64_t worthwhile = 1 << 18;
    ork_parallel(items * inputs * outputs < worthwhile ? 1 : threads, rows, &l);
}
