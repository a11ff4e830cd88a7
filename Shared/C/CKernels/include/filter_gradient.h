#pragma once
#include <stdbool.h>
#include <stdint.h>

// A convolution's derivative by its weights, for the fast training engine: sums over items and positions in float32.
//
// Values lie in blocks of 16 channels as in training_blocked.h; the input of a first convolution (`planar`) in row-major
// planes of few channels. The gradient has the order of `ork_weights`: every number is written, padding channels included.
typedef struct {
    int32_t type;  // of both values: ork_type
    int32_t items, inputs, outputs;
    bool planar;
    int32_t in_size[3], out_size[3], kernel[3], stride[3], padding[3], dilation[3];  // depth, height, width
    int64_t input_item, output_item;                                                 // elements from item to item
} ork_filter_gradient;

// Whether its numbers are such as kernels take: nothing of them is negative, nothing is so large that products overflow.
static inline bool ork_filter_gradient_is_sound(const ork_filter_gradient *c) {
    if (!c || c->items < 1 || c->inputs < 1 || c->outputs < 1) return false;
    for (int i = 0; i < 3; i++) {
        if (c->in_size[i] < 1 || c->out_size[i] < 1 || c->kernel[i] < 1 || c->stride[i] < 1) return false;
        if (c->dilation[i] < 1 || c->padding[i] < 0 || c->kernel[i] > 64 || c->stride[i] > 64) return false;
        if (c->in_size[i] > 1 << 16 || c->out_size[i] > 1 << 16 || c->padding[i] > 1 << 10) return false;
    }
    return true;
}
