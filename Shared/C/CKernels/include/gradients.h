#pragma once
#include "convolution.h"

// Backward through a convolution (convolution.h), float32.
//
// With respect to the input, stride 1: again a convolution, of the output's gradient with the kernel turned round, by any
// of the algorithms. Describe it, set `algorithm` and `variant`, pack, run:
//   ork_convolution back;
//   if (ork_data_gradient(&forward, &back)) ...            // nonzero: not of this form
//   ork_data_gradient_pack(&back, weights, outputs, inputs, packed);
//   ork_convolution_run(&back, packed, NULL, output_gradient, NULL, input_gradient, scratch, threads);
int ork_data_gradient(const ork_convolution *forward, ork_convolution *back);

// weights: those of the forward convolution, [outputs, inputs, d, h, w].
int ork_data_gradient_pack(const ork_convolution *back, const float *weights, int outputs, int inputs, void *packed);

// With respect to the weights, any stride and dilation: the gradient becomes the sum over items and pixels of input times
// output gradient. Where forward->algorithm is ORK_PLANAR the input are planes, else blocks. The gradient lies as weights do
// in training: see ork_weights in training_blocked.h.
bool ork_weight_gradient_supported(const ork_convolution *forward);
size_t ork_weight_gradient_scratch_bytes(const ork_convolution *forward, int threads);
int ork_weight_gradient_run(
    const ork_convolution *forward, const float *input, const float *output_gradient, float *gradient, void *scratch,
    int threads);
