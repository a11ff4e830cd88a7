#pragma once
// A tile's last transform followed by maxima: over windows of three outputs, two apart, padded by one, in each dimension.
// A window may reach into other tiles: each tile raises the maxima of all windows that its outputs lie in.
#include "maxima.h"
#include "winograd_planes.h"

// Of the outputs of a line of a tile: every one; or every second one, the first or the second of each two.
typedef enum { ORK_EVERY, ORK_FIRSTS, ORK_SECONDS } ork_outputs_kind;

ORK_LINE int ork_windows(int m, ork_outputs_kind kind) { return kind == ORK_EVERY ? m / 2 + 1 : kind == ORK_FIRSTS ? m : m + 1; }

// m outputs to the maxima of the windows that they lie in; the line begins with a window's middle.
ORK_LINE void ork_windows_of(int m, ork_outputs_kind kind, const slim *v, slim *largest) {
    EACH for (int j = 0; j < ork_windows(m, kind); j++) {
        const int first = kind == ORK_EVERY ? 2 * j - 1 : kind == ORK_FIRSTS ? j : j - 1;
        const int last = kind == ORK_EVERY ? 2 * j + 1 : j;
        const int from = first < 0 ? 0 : first, to = last >= m ? m - 1 : last;
        largest[j] = v[from];
        EACH for (int i = from + 1; i <= to; i++) largest[j] = slim_largest(largest[j], v[i]);
    }
}

typedef struct {
    const float *bias;  // of the block, or NULL
    int outputs[3];     // of the tile that exist
    int window[3];      // the first one
    float *block;       // maxima of the item's block
    const int *size;
} ork_pool_end;

// from: slice z, output (y, x) at ((z * m + y) * m + x) * 64, of n slices of points, which give `depth` of outputs.
ORK_LINE void ork_pool_tile(
    int n, int depth, int m, ork_outputs_kind kz, ork_outputs_kind ky, ork_outputs_kind kx, const char *from,
    const ork_pool_end *end) {
    const int slices = ork_windows(depth, kz), rows = ork_windows(m, ky), columns = ork_windows(m, kx);
    float planes[ORK_MOST_LINE][ORK_MOST_LINE * ORK_MOST_LINE][SLIM_NUMBERS] __attribute__((aligned(64)));
    for (int part = 0; part < SLIM_PARTS; part++) {
        const int64_t first = part * SLIM_NUMBERS;
        const slim bias = end->bias ? slim_load(end->bias + first) : slim_zero();
        for (int y = 0; y < m; y++)
            for (int x = 0; x < m; x++) {
                slim v[ORK_MOST_LINE], z[ORK_MOST_LINE], largest[ORK_MOST_LINE];
                const bool exists = y < end->outputs[1] && x < end->outputs[2];
                EACH for (int i = 0; i < n; i++) v[i] = ork_load_slim(from + ((i * m + y) * m + x) * 64, first, ORK_F32);
                ork_outputs_of(n, depth, v, z);
                EACH for (int i = 0; i < depth; i++)
                    z[i] = exists && i < end->outputs[0] ? slim_rectified(slim_add(z[i], bias)) : slim_zero();
                ork_windows_of(depth, kz, z, largest);
                EACH for (int i = 0; i < slices; i++) slim_store(planes[i][y * m + x], largest[i]);
            }
        for (int z = 0; z < slices && end->window[0] + z < end->size[0]; z++) {
            slim t[ORK_MOST_LINE][ORK_MOST_LINE];
            EACH for (int y = 0; y < m; y++) {
                slim v[ORK_MOST_LINE];
                EACH for (int x = 0; x < m; x++) v[x] = slim_load(planes[z][y * m + x]);
                ork_windows_of(m, kx, v, t[y]);
            }
            float *slice = end->block + (int64_t)(end->window[0] + z) * end->size[1] * end->size[2] * 16 + first;
            EACH for (int x = 0; x < columns; x++) {
                slim v[ORK_MOST_LINE], largest[ORK_MOST_LINE];
                EACH for (int y = 0; y < m; y++) v[y] = t[y][x];
                ork_windows_of(m, ky, v, largest);
                if (end->window[2] + x >= end->size[2]) continue;
                EACH for (int y = 0; y < rows; y++) {
                    if (end->window[1] + y >= end->size[1]) continue;
                    float *to = slice + ((int64_t)(end->window[1] + y) * end->size[2] + end->window[2] + x) * 16;
                    slim_store(to, slim_largest(slim_load(to), largest[y]));
                }
            }
        }
    }
}

// Tiles of 7 points and 4 outputs in each dimension, along the depth also of 11 and 8: the longest that a first convolution
// takes.
enum { ORK_POOLED_POINTS = 7, ORK_POOLED_OUTPUTS = 4, ORK_POOLED_DEPTH_POINTS = 11, ORK_POOLED_DEPTH_OUTPUTS = 8 };

#define ORK_POOL_TILE(n, depth, z, y, x) \
    if (kinds[0] == z && kinds[1] == y && kinds[2] == x) ork_pool_tile(n, depth, ORK_POOLED_OUTPUTS, z, y, x, from, end);
#define ORK_POOL_KINDS(n, depth)                                       \
    ORK_POOL_TILE(n, depth, ORK_EVERY, ORK_EVERY, ORK_EVERY)           \
    ORK_POOL_TILE(n, depth, ORK_FIRSTS, ORK_FIRSTS, ORK_FIRSTS)        \
    ORK_POOL_TILE(n, depth, ORK_FIRSTS, ORK_FIRSTS, ORK_SECONDS)       \
    ORK_POOL_TILE(n, depth, ORK_FIRSTS, ORK_SECONDS, ORK_FIRSTS)       \
    ORK_POOL_TILE(n, depth, ORK_FIRSTS, ORK_SECONDS, ORK_SECONDS)      \
    ORK_POOL_TILE(n, depth, ORK_SECONDS, ORK_FIRSTS, ORK_FIRSTS)       \
    ORK_POOL_TILE(n, depth, ORK_SECONDS, ORK_FIRSTS, ORK_SECONDS)      \
    ORK_POOL_TILE(n, depth, ORK_SECONDS, ORK_SECONDS, ORK_FIRSTS)      \
    ORK_POOL_TILE(n, depth, ORK_SECONDS, ORK_SECONDS, ORK_SECONDS)

ORK_TARGET __attribute__((noinline, unused)) static void ork_pool_outputs(
    int points, const ork_outputs_kind kinds[3], const char *from, const ork_pool_end *end) {
    ORK_ALIGNED_FRAME
    if (points == ORK_POOLED_DEPTH_POINTS) {
        ORK_POOL_KINDS(ORK_POOLED_DEPTH_POINTS, ORK_POOLED_DEPTH_OUTPUTS)
    } else {
        ORK_POOL_KINDS(ORK_POOLED_POINTS, ORK_POOLED_OUTPUTS)
    }
}
