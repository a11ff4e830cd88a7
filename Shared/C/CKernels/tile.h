#pragma once
// The product at the heart of the direct convolution: a tile of up to 14 (AVX2: 6) pixels x 1 or 2 blocks of 16 outputs stays in
// registers while the reduction walks over segments (one per tap of the kernel, each `chunks` blocks of 16 inputs).
#include <stdint.h>
#include "convolution.h"

#ifdef ORK_NARROW
enum { ORK_TILE_PIXELS = 6, ORK_TILE_BLOCKS = 2 };
#else
enum { ORK_TILE_PIXELS = 14, ORK_TILE_BLOCKS = 2 };
#endif

// Bytes that four steps read of a block's weights: of bfloat16 each step takes two inputs.
static inline int64_t ork_tile_weight_bytes(int type) { return type == ORK_F16 ? 128 : 256; }

typedef struct {
    const char *pixels;  // 16 inputs of pixel p at pixels + p * row_step; the next chunk `pixel_step` bytes on
    int64_t weights;     // bytes from the output block's first weight to the segment's
    int64_t pixel_step, row_step;
    int64_t last_inputs; // of the last chunk of values of float32, a multiple of 4, maybe more than 16; 0: 16
} ork_segment;

// How a tile begins and ends. Steps are bytes.
typedef struct {
    float *sums;           // [pixels][blocks][16]: where the tile goes on, unless it begins at the bias; where it pauses,
                           // unless there is an output
    const float *bias;     // of the tile's blocks; NULL for zeros. Only where the tile begins
    char *output;          // the first pixel's first block; NULL: the sums are written
    int64_t output_step, output_block;
    const char *residual;  // or NULL
    int64_t residual_step, residual_block;
    const char *ahead;     // weights of the first block that are read soon, those of the second as far behind as now:
                           // fetched into the second-level cache
    int64_t ahead_step;    // bytes for each four steps: as many as they read of a block's weights, or a part of that; 0
                           // where nothing is fetched
    int begins, relu, is_half, residual_is_half;
    // More tiles, each of one segment, that are begun and pause in the same call: bytes from one to the next.
    int64_t more, next_pixels, next_weights, next_sums;
} ork_tile_end;

typedef void (*ork_tile)(
    const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t weight_block_step,
    const ork_tile_end *end);

// The kernel for so many pixels (1...ORK_TILE_PIXELS) and output blocks (1...2), by the type of its weights.
typedef ork_tile (*ork_tiles)(int pixels, int blocks);
ork_tile ork_tile_f32(int pixels, int blocks);
ork_tile ork_tile_f16(int pixels, int blocks);
ork_tile ork_tile_bf16(int pixels, int blocks);
static inline ork_tiles ork_tiles_of(int type) {
    return type == ORK_F32 ? ork_tile_f32 : type == ORK_F16 ? ork_tile_f16 : ork_tile_bf16;
}
