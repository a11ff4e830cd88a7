#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "convolution.h"

// What stands between convolutions, over the same values in blocks of 16 channels (see convolution.h), in either type:
// pooling, sums, affine maps, ReLU, means, and the ways between layouts, types and planes. Results are 0, or nonzero where
// processor or description is not supported. Nothing here allocates. Buffers must not overlap, except that a result may
// take the exact place of an operand with equal description.

typedef struct {
    int32_t type;      // ork_type
    int32_t batch;
    int32_t channels;  // a multiple of 16
    int64_t pixels;    // depth * height * width
    ork_strides strides;
} ork_values;

typedef enum {
    ORK_MAXIMUM = 0,
    ORK_AVERAGE_INSIDE = 1,  // divides by the number of pixels inside of the input
    ORK_AVERAGE_PADDED = 2,  // divides by the number of pixels inside of input and padding
} ork_pooling_kind;

typedef struct {
    int32_t kind;                     // ork_pooling_kind
    int32_t input_type, output_type;  // ork_type
    int32_t batch, channels;
    int32_t in_size[3], out_size[3], kernel[3], stride[3], padding[3];  // the same padding on both sides
    ork_strides input, output;
    const float *shift;               // is added to each channel; or NULL
    int32_t relu;                     // nonzero: what is negative then becomes zero
} ork_pooling;

bool ork_pooling_supported(const ork_pooling *p);
int ork_pooling_run(const ork_pooling *p, const void *input, void *output, int threads);

// result = scale[channel] * a + shift[channel] + b, negative values become zero where `relu`. scale, shift (float32, as
// many as channels), b and its description may be NULL. Layouts and types may differ: so this copies, concatenates (into
// a part of a wider value) and converts as well.
int ork_values_affine(
    const ork_values *description, void *result, const ork_values *a_description, const void *a, const float *scale,
    const float *shift, const ork_values *b_description, const void *b, int relu, int threads);

// Means over the pixels: float32 [batch, channels].
int ork_values_mean(const ork_values *description, const void *values, float *means, int threads);

// float32 planes [batch, channels, pixels], channels <= description->channels. Into values (the other channels become
// zero), and back.
int ork_values_from_planes(
    const ork_values *description, void *values, const float *planes, int channels, int threads);
int ork_values_to_planes(
    const ork_values *description, const void *values, float *planes, int channels, int threads);
