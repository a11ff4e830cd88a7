#pragma once
#include "convolution.h"
#include "pixels.h"

// Backward through a convolution (convolution.h) with respect to its input, by the weights that ORK_DIRECT packed for the
// way forward: no second form of large weights is needed. For few pixels and many channels; any stride and dilation.
// Gradients are float32; the result is added to what `to` holds. Batch, sizes and channels are those of `forward`, whose
// own strides do not matter. Returns 0, or nonzero where processor or description is not supported.
bool ork_shared_gradient_supported(const ork_convolution *forward);
int ork_shared_gradient_run(
    const ork_convolution *forward, const void *packed, ork_pixels gradient, ork_pixels to, int threads);
