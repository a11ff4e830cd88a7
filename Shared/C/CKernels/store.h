#pragma once
// The end of a tile: bias, residual sum, ReLU, conversion, and the place in the output.
#include "vectors.h"

typedef struct {
    const ork_convolution *c;
    const float *bias;
    const void *residual;
    void *output;
    int64_t pixel_step;  // from one stored pixel to the next, in pixels
} ork_sink;

// Stores `pixels` sums, `pixel_step` floats apart, each of `blocks` x 16, to consecutive pixels of one item.
ORK_WIDE void ork_store_typed(
    const ork_sink *sink, const float *sums, int64_t item, int64_t pixel, int64_t pixels, int block, int blocks,
    int type, int residual_type, int has_residual) {
    const ork_convolution *c = sink->c;
    const wide floor = wide_all(c->relu ? 0.0f : -__builtin_inff());
    const int64_t step = sink->pixel_step * c->output.pixel, residual_step = sink->pixel_step * c->residual.pixel;
    for (int b = 0; b < blocks; b++) {
        const wide bias = sink->bias ? wide_load(sink->bias + (block + b) * 16) : wide_zero();
        int64_t to = item * c->output.item + pixel * c->output.pixel + (block + b) * c->output.block;
        int64_t from = item * c->residual.item + pixel * c->residual.pixel + (block + b) * c->residual.block;
        for (int64_t p = 0; p < pixels; p++, to += step, from += residual_step) {
            wide v = wide_add(wide_load_aligned(sums + (p * blocks + b) * 16), bias);
            if (has_residual) v = wide_add(v, ork_load16(sink->residual, from, residual_type));
            v = wide_max(floor, v);  // in this order what is not a number stays so
            ork_store16(sink->output, to, type, v);
        }
    }
}

// Consecutive pixels of one item.
ORK_TARGET __attribute__((unused)) static void ork_store_pixels(
    const ork_sink *sink, const float *sums, int64_t item, int64_t pixel, int64_t pixels, int block, int blocks) {
    const int type = sink->c->output_type, residual_type = sink->c->residual_type, has = sink->residual != 0;
    if (type == ORK_F32 && !has)
        ork_store_typed(sink, sums, item, pixel, pixels, block, blocks, ORK_F32, ORK_F32, 0);
    else if (type == ORK_F32 && residual_type == ORK_F32)
        ork_store_typed(sink, sums, item, pixel, pixels, block, blocks, ORK_F32, ORK_F32, 1);
    else if (type == ORK_F32)
        ork_store_typed(sink, sums, item, pixel, pixels, block, blocks, ORK_F32, ORK_BF16, 1);
    else if (!has)
        ork_store_typed(sink, sums, item, pixel, pixels, block, blocks, ORK_BF16, ORK_F32, 0);
    else
        ork_store_typed(sink, sums, item, pixel, pixels, block, blocks, ORK_BF16, residual_type, 1);
}

// Pixels numbered through all items.
__attribute__((unused)) static void ork_store(
    const ork_sink *sink, const float *sums, int64_t first, int64_t pixels, int block, int blocks) {
    const int *size = sink->c->out_size;
    const int64_t item_pixels = (int64_t)size[0] * size[1] * size[2];
    int64_t item = first / item_pixels, pixel = first % item_pixels;
    while (pixels > 0) {
        const int64_t here = item_pixels - pixel < pixels ? item_pixels - pixel : pixels;
        ork_store_pixels(sink, sums, item, pixel, here, block, blocks);
        sums += here * blocks * 16, pixels -= here, pixel = 0, item++;
    }
}
