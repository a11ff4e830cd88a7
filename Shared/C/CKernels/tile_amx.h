#pragma once
// The tile product on AMX: up to 32 pixels x 2 blocks of 16 outputs, reductions of 32 bfloat16 inputs a step. Rows of
// pixels may lie anywhere `row_step` apart, so channels-last inputs need no copy.
#include "tile.h"

enum { ORK_AMX_PIXELS = 32 };

// Each thread that multiplies begins and ends so. `emulated`: the same kernel over tiles in plain C, for tests.
void ork_amx_begin(int emulated);
void ork_amx_end(int emulated);

// chunks: of 16 inputs; an odd last one must be padded with zero inputs. sums: [pixels, 16 or 32 of them][blocks][16].
void ork_amx_multiply(
    int emulated, const ork_segment *segments, int64_t count, int64_t chunks, const char *weights,
    int64_t weight_block_step, float *sums, int first, int pixels, int blocks);
