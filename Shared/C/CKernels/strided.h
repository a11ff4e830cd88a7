#pragma once
// Three taps along each dimension, two pixels apart: the input's pixels in eight phases, those of even and of odd place in
// each dimension, are channels of a convolution of two taps, one apart, of which every second phase lacks the last. Winograd's
// shortest transforms take that: three products for two outputs where there were four, two where a tap is lacking.
#include "phase_channels.h"

typedef struct {
    ork_convolution inner;        // channels: phase by phase
    ork_phase_channels channels;
} ork_strided;

bool ork_strided_cut(const ork_convolution *c, ork_strided *strided);
size_t ork_strided_packed_bytes(const ork_convolution *c);
size_t ork_strided_scratch_bytes(const ork_convolution *c, int threads);
// Nonzero where there is no memory to turn them round in.
int ork_strided_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);
int ork_strided_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);
