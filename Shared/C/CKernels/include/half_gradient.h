#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A convolution's derivative by its weights from bfloat16 values, for the fast training engine: sums over items and
// positions in float32, by dot products of pairs of positions side by side in a row.
//
// Values lie in blocks of 16 channels as in training_blocked.h; the input of a first convolution (`planar`) in row-major
// planes of few channels. The gradient has the order of `ork_weights`: every number is written, padding channels included.
typedef struct {
    int32_t items, inputs, outputs;
    bool planar;
    int32_t in_size[3], out_size[3], kernel[3], stride[3], padding[3], dilation[3];  // depth, height, width
    int64_t input_item, output_item;                                                 // elements from item to item
} ork_half_gradient;

bool ork_half_gradient_supported(const ork_half_gradient *c);
size_t ork_half_gradient_scratch_bytes(const ork_half_gradient *c, int threads);
// `scratch`: at a cache line's beginning. Returns 0, or nonzero where processor or description is not supported.
int ork_half_gradient_run(
    const ork_half_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);
