#pragma once
// Plain weights [outputs][inputs][taps] in the order that packed ones have: a corner of them, which the cache holds.
#include <stdint.h>
#include <string.h>
#include "convolution.h"

// 16 inputs by 16 outputs from (input, output) on: `taps` of them from `first` on, to [tap][16 inputs][16 outputs], with
// zeros where the weights end.
static inline void ork_turn(
    const ork_plain_weights *weights, int64_t all_taps, int64_t output, int64_t input, int64_t first, int64_t taps,
    float (*to)[256]) {
    const int64_t outputs = weights->outputs, inputs = weights->inputs;
    if (output + 16 > outputs || input + 16 > inputs) memset(to, 0, (size_t)taps * sizeof *to);
    const int64_t rows = inputs - input < 16 ? inputs - input : 16;
    for (int64_t o = 0; o < 16 && output + o < outputs; o++) {
        const float factor = weights->factors ? weights->factors[output + o] : 1;
        const float *from = weights->values + ((output + o) * inputs + input) * all_taps + first;
        for (int64_t i = 0; i < rows; i++, from += all_taps)
            for (int64_t tap = 0; tap < taps; tap++) to[tap][i * 16 + o] = from[tap] * factor;
    }
}
