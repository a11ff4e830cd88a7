#pragma once
// The end of a tile: bias, residual sum, ReLU, conversion, and the place in the output.
#include "vectors.h"

typedef struct {
    const ork_convolution *c;
    const float *bias;
    const void *residual;
    void *output;
} ork_sink;

// Stores sums [pixels][blocks][16] of output pixels first..., numbered through all items, from output block `block` on.
__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE void ork_store_typed(
    const ork_sink *sink, const float *sums, int64_t first, int pixels, int block, int blocks, int type,
    int residual_type, int has_residual) {
    const ork_convolution *c = sink->c;
    const int64_t item_pixels = (int64_t)c->out_size[0] * c->out_size[1] * c->out_size[2];
    int64_t item = first / item_pixels, pixel = first % item_pixels;
    const __m512 floor = _mm512_set1_ps(c->relu ? 0.0f : -__builtin_inff());
    for (int p = 0; p < pixels; p++) {
        const int64_t at = item * c->output.item + pixel * c->output.pixel + block * c->output.block;
        const int64_t from = item * c->residual.item + pixel * c->residual.pixel + block * c->residual.block;
        for (int b = 0; b < blocks; b++) {
            __m512 v = _mm512_load_ps(sums + (p * blocks + b) * 16);
            if (sink->bias) v = _mm512_add_ps(v, _mm512_loadu_ps(sink->bias + (block + b) * 16));
            if (has_residual)
                v = _mm512_add_ps(v, ork_load16(sink->residual, from + b * c->residual.block, residual_type));
            v = _mm512_max_ps(floor, v);  // in this order what is not a number stays so
            ork_store16(sink->output, at + b * c->output.block, type, v);
        }
        if (++pixel == item_pixels) pixel = 0, item++;
    }
}

__attribute__((target(ORK_AVX512_BF16), unused)) static void ork_store(
    const ork_sink *sink, const float *sums, int64_t first, int pixels, int block, int blocks) {
    const int type = sink->c->output_type, residual_type = sink->c->residual_type, has = sink->residual != 0;
    if (type == ORK_F32) {
        if (!has)
            ork_store_typed(sink, sums, first, pixels, block, blocks, ORK_F32, ORK_F32, 0);
        else
            ork_store_typed(sink, sums, first, pixels, block, blocks, ORK_F32, residual_type, 1);
    } else {
        if (!has)
            ork_store_typed(sink, sums, first, pixels, block, blocks, ORK_BF16, ORK_F32, 0);
        else
            ork_store_typed(sink, sums, first, pixels, block, blocks, ORK_BF16, residual_type, 1);
    }
}
