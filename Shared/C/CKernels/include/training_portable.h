#pragma once
#include <stddef.h>
#include <stdint.h>

// Loops of the portable training engine, over float32 [channels, depth, height, width] of one item. Plain C: any
// processor, sums in double precision.

// A convolution's windows; all triples are depth, height, width.
typedef struct {
    int32_t kernel[3], stride[3], padding[3], dilation[3];
    int32_t in_size[3], out_size[3];
} ork_windows;

// Patches [channels * taps, rows * width] of the output rows (depth and height together) first_row ..< last_row, from
// `source`, the first of `channels` input channels; zeros where a window leaves the input.
void ork_training_patches(
    const ork_windows *w, const float *source, int channels, int first_row, int last_row, float *patches);

// Adds patches back to where they came from.
void ork_training_unpatch(
    const ork_windows *w, const float *patches, int channels, int first_row, int last_row, float *target);

// One channel of a batch: `items` runs of `count` numbers, `stride` apart.
typedef struct {
    size_t items, count, stride;
} ork_channel;

// Mean, and the sum of squared distances from it.
void ork_training_moments(const float *source, ork_channel shape, double *mean, double *squares);
// target = source * scale + shift.
void ork_training_scale(const float *source, float *target, ork_channel shape, double scale, double shift);
// Sum of the gradient, and of gradient * (source - mean).
void ork_training_slopes(
    const float *source, const float *gradient, ork_channel shape, double mean, double *sum, double *product);
// target += scale * (gradient - offset - (source - mean) * slope).
void ork_training_normalize_back(
    const float *source, const float *gradient, float *target, ork_channel shape, double mean, double scale,
    double offset, double slope);

// target = source < 0 ? 0 : source; a NaN stays one.
void ork_training_relu(const float *source, float *target, size_t count);
// target += result > 0 ? gradient : 0.
void ork_training_relu_back(const float *result, const float *gradient, float *target, size_t count);
// target = first + second.
void ork_training_add(const float *first, const float *second, float *target, size_t count);
// target += source * factor.
void ork_training_accumulate(const float *source, float factor, float *target, size_t count);
double ork_training_sum(const float *source, size_t count);
