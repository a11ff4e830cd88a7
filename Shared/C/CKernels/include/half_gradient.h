#pragma once
#include <stddef.h>
#include "filter_gradient.h"

// The derivative by the weights from bfloat16 values, by dot products of pairs of positions side by side in a row.
bool ork_half_gradient_supported(const ork_filter_gradient *c);
size_t ork_half_gradient_scratch_bytes(const ork_filter_gradient *c, int threads);
// `scratch`: at a cache line's beginning. Returns 0, or nonzero where processor or description is not supported.
int ork_half_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);
