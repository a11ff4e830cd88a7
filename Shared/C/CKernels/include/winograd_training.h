#pragma once
#include "convolution.h"
#include "training_blocked.h"

// Packs weights that training keeps in tiles (`ork_weights`, not planar) for ORK_WINOGRAD with float32 products, sixteen
// outputs at a time: quick enough for once a step. `turned`: `c` describes the derivative by the input (see gradients.h),
// whose inputs are the weights' outputs. Returns 0, or nonzero where the description is not supported.
int ork_winograd_pack_tiles(
    const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads);
