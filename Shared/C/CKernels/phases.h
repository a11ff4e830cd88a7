#pragma once
// Few channels in planes, kernel longer than the stride: blocks of 2 pixels along each dimension become channels (space
// to depth), and with stride 1 the 2 outputs of such a block become channels as well. What is left is a convolution of
// stride 1 with a kernel half as long and eight times the channels, which Winograd's products take cheaply.
#include "convolution.h"

typedef struct {
    ork_convolution inner;   // Winograd over blocks
    int inputs;              // of its channels, without what fills up the last block
    int down[3], up[3];      // pixels of the input, of the output that become channels
    int shift[3];            // input pixel i is phase (i + shift) % down of position (i + shift) / down
    size_t value_bytes;      // the input as blocks
} ork_phases;

bool ork_phases_cut(const ork_convolution *c, ork_phases *phases);
// Nonzero where there is no memory to turn them round in.
int ork_phases_pack(const ork_convolution *c, const float *weights, int outputs, int inputs, void *packed);
size_t ork_phases_packed_bytes(const ork_convolution *c);
size_t ork_phases_scratch_bytes(const ork_convolution *c, int threads);
int ork_phases_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);
