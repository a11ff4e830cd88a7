#pragma once
// The direct convolution: how its work is cut, and the algorithm's entry points.
#include "convolution.h"

// Tiles of output pixels come in runs: a run is one output row, or (where rows are short) all pixels of all items in
// one line. The reduction is cut into blocks so that what is packed for a group of tiles stays in the second-level cache.
typedef struct {
    int64_t runs, run_pixels, tiles_per_run, tiles;
    int64_t chunks, taps;              // the whole reduction: 16 inputs each
    int64_t chunk_block, tap_block;    // cut into
    int64_t group;                     // tiles that share one pass over the weights
    int64_t output_blocks, pairs;      // of 16 outputs; two of them at a time
    int tile_pixels;                   // of a tile of vectors (tile.h), 32 in AMX tiles
    int pixel_parts, output_parts;     // threads
    int split;                         // the reduction has several blocks: sums wait in memory in between
    size_t panel_bytes, segment_bytes, sum_bytes;  // scratch of one thread
} ork_direct_plan;

ork_direct_plan ork_direct_cut(const ork_convolution *c, int threads);
size_t ork_direct_packed_bytes(const ork_convolution *c);
void ork_direct_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);
int ork_direct_run_parts(
    const ork_convolution *c, const void *input, const void *residual, const ork_output_part *parts, int count,
    void *scratch, int threads);
int ork_direct_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);
