#pragma once
#include <stdbool.h>
#include <stdint.h>

// Passes of the fast training engine over values in blocks of 16 channels: item, block, position, 16 channels. They need
// AVX-512 (F, BW, VL, DQ), or AVX2 for float32. Per-channel numbers are float32, `blocks` * 16 of them; padding channels have zeros.

enum { ORK_TRAINING_F32 = 0, ORK_TRAINING_BF16 = 1 };

// A value: the block after the next begins positions * 16 elements further, the next item `item` elements further.
typedef struct {
    void *data;
    int64_t item;
} ork_blocked;

typedef struct {
    int32_t type, items, blocks, threads;
    int64_t positions;
} ork_blocked_shape;

// Mean and sum of squared distances from it, over items and positions. `partial`: items * blocks * 32 floats.
void ork_blocked_moments(ork_blocked_shape s, ork_blocked x, float *partial, float *mean, float *squares);

// y = x * scale + shift [+ residual], rectified or not. residual.data may be NULL.
void ork_blocked_normalize(
    ork_blocked_shape s, ork_blocked x, ork_blocked residual, ork_blocked y, const float *scale, const float *shift,
    bool relu);

// With g = gradient, zero where y is (if relu): sums of g and of g * (x - mean). Where y.data is NULL, y is computed
// again as x * scale + shift.
void ork_blocked_slopes(
    ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
    const float *mean, bool relu, float *partial, float *sum, float *product);

// target = g * factor + x * slope + offset; residual (if any) = g, or += g.
void ork_blocked_normalize_back(
    ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
    const float *factor, const float *slope, const float *offset, bool relu, ork_blocked target, ork_blocked residual,
    bool accumulates);

// target += source.
void ork_blocked_add(ork_blocked_shape s, ork_blocked source, ork_blocked target);
// target = source.
void ork_blocked_copy(ork_blocked_shape s, ork_blocked source, ork_blocked target);

// Windows of pools; triples are depth, height, width. positions of the shape are those of the output.
typedef struct {
    int32_t kernel[3], stride[3], padding[3], in_size[3], out_size[3];
    bool counts_padding;
} ork_training_pool;

// `places`: one byte per output element, which tap was the first largest.
void ork_blocked_max_pool(ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y, uint8_t *places);
void ork_blocked_average_pool(ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y);
// target = or += ; places is NULL for an average.
void ork_blocked_pool_back(
    ork_blocked_shape s, ork_training_pool p, const uint8_t *places, ork_blocked gradient, ork_blocked target, bool accumulates);

// From and to row-major float32 [items, channels, positions]. Padding channels become zero.
void ork_blocked_from_plain(ork_blocked_shape s, const float *plain, int channels, ork_blocked target, bool accumulates);
void ork_blocked_to_plain(ork_blocked_shape s, ork_blocked source, int channels, float *plain);

// Every step-th position of a value along each axis, from `first` on: `size` of them among those of `whole`.
typedef struct {
    int32_t size[3], first[3], step[3], whole[3];
} ork_lattice;

// target at the lattice's positions = or += source, float32, which holds them densely: [item, block, position, 16].
void ork_blocked_spread(
    ork_blocked_shape s, ork_lattice lattice, const float *source, ork_blocked target, bool accumulates);

// Row-major float32 to bfloat16.
void ork_training_narrow(const float *source, uint16_t *target, int64_t count, int threads);

// Threads of libgomp's pool that the calling thread's parallel regions, and oneDNN's, take from now on.
void ork_training_set_threads(int threads);

// Weights [outputs, inputs, taps] and their blocked form: [output blocks, input blocks, taps, 16 inputs, 16 outputs],
// or for few inputs (planar) [output blocks, inputs, taps, 16 outputs].
typedef struct {
    int32_t outputs, inputs, taps;
    bool planar;
} ork_weights;

int64_t ork_weights_count(ork_weights w);
void ork_weights_pack(ork_weights w, const float *plain, float *blocked);
void ork_weights_unpack(ork_weights w, const float *blocked, float *plain);

typedef enum {
    ORK_TILE_SAME = 0,          // float32 16i16o
    ORK_TILE_TRANSPOSED = 1,    // float32 16o16i
    ORK_TILE_INPUT_PAIRS = 2,   // bfloat16 8i16o2i
    ORK_TILE_OUTPUT_PAIRS = 3,  // bfloat16 8o16i2o
} ork_tile_order;

// Another order of tiles: strides in elements between output blocks, input blocks, and taps.
typedef struct {
    void *target;
    ork_tile_order order;
    int64_t output_stride, input_stride, tap_stride;
} ork_weights_copy;

// From blocked (not planar) weights to other orders, all in one pass.
void ork_weights_convert(ork_weights w, const float *blocked, const ork_weights_copy *copies, int count, int threads);
