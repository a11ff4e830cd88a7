#pragma once
// The product at the heart of the direct convolution: a tile of up to 14 pixels x 1 or 2 blocks of 16 outputs stays in
// registers while the reduction walks over segments (one per tap of the kernel, each `chunks` blocks of 16 inputs).
#include <stdint.h>

enum { ORK_TILE_PIXELS = 14, ORK_TILE_BLOCKS = 2 };

typedef struct {
    const char *pixels;  // 16 inputs of pixel p at pixels + p * 16 elements; next chunk `pixel_step` bytes on
    int64_t weights;     // bytes from the output block's first weight to the segment's
    int64_t pixel_step;
    int64_t row_step;    // from pixel to pixel, where tiles of AMX are loaded
    int64_t last_inputs; // of the last chunk of float32, a multiple of 4; 0: all 16
} ork_segment;

// sums: [pixels][blocks][16] float32, begun at zero where `first`.
typedef void (*ork_tile)(
    const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t weight_block_step,
    float *sums, int first);

// The kernel for so many pixels (1...14) and output blocks (1...2).
ork_tile ork_tile_f32(int pixels, int blocks);
ork_tile ork_tile_bf16(int pixels, int blocks);
