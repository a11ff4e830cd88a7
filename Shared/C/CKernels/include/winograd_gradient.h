#pragma once
#include <stddef.h>
#include "filter_gradient.h"

// The derivative by the weights by fewer products: Toom and Cook's products of polynomials (see winograd.h) with the
// output's gradient in the place of the kernel, in float32. For stride 1, kernels of 3 to 5 taps in two or three dimensions
// or 3 to 7 in one, where many pixels share few weights. Values of either type; bfloat16 with AVX-512 only.

// Whether this code computes it, and is the quicker on `threads` threads.
bool ork_winograd_gradient_preferred(const ork_filter_gradient *c, int threads);
size_t ork_winograd_gradient_scratch_bytes(const ork_filter_gradient *c, int threads);
// `scratch`: at a cache line's beginning. Returns 0, or nonzero where processor or description is not supported.
int ork_winograd_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);

// The same of a first convolution of stride 2 over planes, where every second position becomes a channel.
bool ork_winograd_planes_gradient_preferred(const ork_filter_gradient *c, int threads);
size_t ork_winograd_planes_gradient_scratch_bytes(const ork_filter_gradient *c, int threads);
int ork_winograd_planes_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);
