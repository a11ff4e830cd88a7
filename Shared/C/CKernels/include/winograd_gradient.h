#pragma once
#include "half_gradient.h"

// The same derivative as half_gradient.h's by fewer products: Toom and Cook's products of polynomials (see winograd.h)
// with the output's gradient in the place of the kernel, float32 between bfloat16 values. For stride 1 and square or cubic
// kernels of 3 to 5 taps where many pixels share few weights.

// Whether this code computes it, and is the quicker on `threads` threads.
bool ork_winograd_gradient_preferred(const ork_half_gradient *c, int threads);
size_t ork_winograd_gradient_scratch_bytes(const ork_half_gradient *c, int threads);
// As ork_half_gradient_run.
int ork_winograd_gradient_run(
    const ork_half_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);

// The same of a first convolution of stride 2 over planes, where every second position becomes a channel.
bool ork_winograd_planes_gradient_preferred(const ork_half_gradient *c, int threads);
size_t ork_winograd_planes_gradient_scratch_bytes(const ork_half_gradient *c, int threads);
int ork_winograd_planes_gradient_run(
    const ork_half_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads);
