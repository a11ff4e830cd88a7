#pragma once
// Convolution by Toom and Cook's products of polynomials (Winograd's F(m, r), S. Winograd 1980; in networks A. Lavin and
// S. Gray, CVPR 2016, arXiv 1509.09308), along each dimension whose kernel is longer than 1: n = m + r - 1 products
// give m outputs of a kernel of r taps. Points are 0 (where n is even), pairs of opposite numbers, and infinity, so that
// sums and differences are shared.
#include "tile.h"

enum { ORK_MOST_POINTS = 544 };
// Sets of tiles that are transformed together.
enum { ORK_MOST_SETS = 28 / ORK_TILE_PIXELS };

typedef struct {
    int n[3], m[3];       // points and outputs of a tile, 1 and 1 where the kernel has length 1
    int points;           // n[0] * n[1] * n[2]
    int64_t grid[3], tiles;
    int64_t chunks, output_blocks, output_group;
    int64_t group;        // tiles transformed together, in sets of at most ORK_TILE_PIXELS
    int pixel_parts, output_parts;
    int slices;           // whose products are taken one after another: n[0], or 1 for all at once
    size_t input_bytes, sum_bytes, plane_bytes, line_bytes;  // scratch of one thread
} ork_winograd_plan;

bool ork_winograd_supported(const ork_convolution *c);
ork_winograd_plan ork_winograd_cut(const ork_convolution *c, int threads);
size_t ork_winograd_packed_bytes(const ork_convolution *c);
size_t ork_winograd_scratch_bytes(const ork_convolution *c, int threads);
// Returns 0, or nonzero where memory is missing.
int ork_winograd_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);
int ork_winograd_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);

// The same, where c's channels are phases of planes (phase_channels.h) and its output channels are up[0] * up[1] * up[2]
// phases of `outer`'s: phase (z, y, x) of pixel (d, h, w) is outer's pixel (d * up[0] + z, ...). Bias, residual, output and
// what is done to them are outer's. maxima: what outputs raise instead of being written (winograd_pool.h), one for each of
// the plan's parts; or NULL.
struct ork_phase_channels;
struct ork_maxima;
int ork_winograd_run_phases(
    const ork_convolution *c, const struct ork_phase_channels *channels, const ork_convolution *outer, const int up[3],
    const void *packed, const float *bias, const void *input, const void *residual, void *output, void *scratch,
    const struct ork_maxima *maxima, int threads);

enum { ORK_MOST_LINE = 11, ORK_MOST_PAIRS = 5 };
// Further variants: the longer transforms, along a volume's depth the longest; the shortest of two taps, of three points.
enum { ORK_DEEP = 3, ORK_SHORTEST = 4 };

// The pairs of finite points beside 0 for n = 3...11, chosen for small rounding errors among numbers that float32 holds
// exactly.
#define ORK_POINTS                                                                                         \
    {                                                                                                      \
        {1.0f}, {1.0f}, {0}, {0.625f, 1.375f}, {0.25f, 0.875f, 1.75f}, {0.625f, 1.0f, 2.0f}, {0},           \
            {0.5f, 0.875f, 1.25f, 2.0f}, { 0.25f, 0.625f, 0.875f, 1.25f, 2.25f }                                                                   \
    }

// The transform of a kernel's line of r taps to n points: row j holds point^i / product of the differences to the others.
void ork_winograd_rows(int n, int r, double rows[ORK_MOST_LINE][ORK_MOST_LINE]);
