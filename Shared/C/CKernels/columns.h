#pragma once
// Few channels in planes with bfloat16 products: the taps along a row become channels, [channel][tap] of one output
// column. What is left is a direct convolution over depth and height that wastes few products, as a short reduction of 3
// channels would.
#include "convolution.h"

bool ork_columns_supported(const ork_convolution *c);
size_t ork_columns_packed_bytes(const ork_convolution *c);
size_t ork_columns_scratch_bytes(const ork_convolution *c, int threads);
// Nonzero where there is no memory to turn them round in.
int ork_columns_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);
int ork_columns_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);
