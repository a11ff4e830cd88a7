#pragma once
// Few channels in planes, kernel longer than the stride: blocks of 2 pixels along each dimension become channels (space
// to depth), and with stride 1 the 2 outputs of such a block become channels as well. What is left is a convolution of
// stride 1 with a kernel half as long and eight times the channels, which Winograd's products take cheaply.
#include "phase_channels.h"

typedef struct {
    ork_convolution inner;   // Winograd over blocks
    ork_phase_channels channels;  // pixels of the input that become channels
    int up[3];               // pixels of the output that do
    size_t value_bytes;      // the input as blocks; 0 where tiles are gathered from the planes themselves
} ork_phases;

bool ork_phases_cut(const ork_convolution *c, ork_phases *phases);
// Nonzero where there is no memory to turn them round in.
int ork_phases_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);
size_t ork_phases_packed_bytes(const ork_convolution *c);
size_t ork_phases_scratch_bytes(const ork_convolution *c, int threads);
int ork_phases_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);
// The input as blocks, in `values`, where tiles are not gathered from the planes; what is to be transformed.
const float *ork_phases_gather(
    const ork_convolution *c, const ork_phases *p, const float *input, float *values, int threads);

// Followed by maxima over windows of three outputs, two apart, padded by one: c's output is theirs. No scratch memory
// where that is not computed.
size_t ork_phases_pooled_scratch_bytes(const ork_convolution *c, int threads);
int ork_phases_run_pooled(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, void *output, void *scratch,
    int threads);
