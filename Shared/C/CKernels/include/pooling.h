#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "convolution.h"

// Pooling between convolutions, over the same values in blocks of 16 channels (see convolution.h), in either type, and what
// may follow it. Running returns 0, or nonzero where processor or description is not supported. Nothing here allocates.
// Input and output must not overlap.

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
