#pragma once
// One tile's points to its outputs, or to the maxima that they raise.
#include "winograd_work.h"

ORK_LINE void restore(int n, int m, const ork_lines *from, const ork_lines *to, int rows, int columns) {
    const int64_t fe = from->element, te = to->element, fr = from->row, fc = from->column, tr = to->row, tc = to->column;
    const char *const f0 = from->at;
    char *const t0 = to->at;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int part = 0; part < SLIM_PARTS; part++) {
                const char *f = f0 + i * fr + j * fc;
                char *t = t0 + i * tr + j * tc;
                slim x[ORK_MOST_LINE], y[ORK_MOST_LINE];
                EACH for (int k = 0; k < n; k++) x[k] = ork_load_slim(f + k * fe, part * SLIM_NUMBERS, ORK_F32);
                ork_outputs_of(n, m, x, y);
                EACH for (int k = 0; k < m; k++) ork_store_slim(t + k * te, part * SLIM_NUMBERS, ORK_F32, y[k]);
            }
}

ORK_TARGET __attribute__((noinline)) static void restore_lines(
    int n, int m, const ork_lines *from, const ork_lines *to, int rows, int columns) {
    if (n == 10 && m == 4) restore(10, 4, from, to, rows, columns);
    switch (n * 10 + m) {
    case 32: restore(3, 2, from, to, rows, columns); break;
    case 42: restore(4, 2, from, to, rows, columns); break;
    case 43: restore(4, 3, from, to, rows, columns); break;
    case 62: restore(6, 2, from, to, rows, columns); break;
    case 63: restore(6, 3, from, to, rows, columns); break;
    case 64: restore(6, 4, from, to, rows, columns); break;
    case 65: restore(6, 5, from, to, rows, columns); break;
    case 74: restore(7, 4, from, to, rows, columns); break;
    case 82: restore(8, 2, from, to, rows, columns); break;
    case 84: restore(8, 4, from, to, rows, columns); break;
    case 118: restore(11, 8, from, to, rows, columns); break;
    }
}

// Where the outputs of a tile go, of one block.
typedef struct {
    ork_plane_end plane;     // but for its first pixel
    int64_t slice, column, row;  // the tile's first output
    int up;                  // slices from one to the next
} tile_end;

static tile_end end_of(const work *k, const place *tile, int block) {
    const ork_convolution *outer = k->outer;
    const int *m = k->plan.m, *up = k->up, outer_blocks = outer->out_channels / 16, phase = block / outer_blocks;
    tile_end end = {.up = up[0]};
    end.slice = tile->out[0] * up[0] + phase / (up[1] * up[2]);
    end.row = tile->out[1] * up[1] + phase / up[2] % up[1], end.column = tile->out[2] * up[2] + phase % up[2];
    const int64_t room = (outer->out_size[2] - end.column + up[2] - 1) / up[2];
    const int64_t rows = (outer->out_size[1] - end.row + up[1] - 1) / up[1];
    end.plane = (ork_plane_end){&k->sink, tile->item, 0, (int64_t)up[1] * outer->out_size[2],
        (int)(rows < m[1] ? rows : m[1]), (int)(room < m[2] ? room : m[2]), block % outer_blocks,
        outer->output_type == ORK_F32 && !k->sink.residual};
    return end;
}

static int64_t first_pixel(const work *k, const tile_end *end, int64_t slice) {
    return (slice * k->outer->out_size[1] + end->row) * k->outer->out_size[2] + end->column;
}

// Planes of outputs of one tile and output block, [slice of points][row][column][16], to its outputs.
static void synthesize_depth(const work *k, const place *tile, int block, const char *from) {
    const ork_winograd_plan *plan = &k->plan;
    tile_end end = end_of(k, tile, block);
    const int64_t slices = (k->outer->out_size[0] - end.slice + end.up - 1) / end.up;
    end.plane.pixel = first_pixel(k, &end, end.slice);
    ork_depth_outputs(
        plan->n[0], plan->m[0], from, plan->m[1], plan->m[2], (int)(slices < plan->m[0] ? slices : plan->m[0]),
        (int64_t)end.up * k->outer->out_size[1] * k->outer->out_size[2], &end.plane);
}

// The same to the maxima of the windows that its outputs lie in.
static void synthesize_maxima(
    const work *k, const place *tile, int block, const char *from, const ork_maxima *maxima) {
    const tile_end at = end_of(k, tile, block);
    const int *up = k->up, *out = k->outer->out_size;
    const int64_t first[3] = {at.slice, at.row, at.column};
    ork_pool_end end = {.size = maxima->size};
    ork_outputs_kind kinds[3];
    for (int i = 0; i < 3; i++) {
        const int64_t left = (out[i] - first[i] + up[i] - 1) / up[i];
        end.outputs[i] = (int)(left < k->plan.m[i] ? left : k->plan.m[i]);
        end.window[i] = (int)(first[i] / 2);
        kinds[i] = up[i] == 1 ? ORK_EVERY : first[i] % 2 ? ORK_SECONDS : ORK_FIRSTS;
    }
    const int64_t windows = (int64_t)maxima->size[0] * maxima->size[1] * maxima->size[2];
    end.bias = k->sink.bias ? k->sink.bias + at.plane.block * 16 : 0;
    end.block = maxima->at + tile->item * maxima->item + at.plane.block * windows * 16;
    ork_pool_outputs(k->plan.n[0], kinds, from, &end);
}

// Points of one tile and output block, `step` bytes apart, to its outputs.
static void synthesize(const work *k, const place *tile, int block, char *from, int64_t step, float *line) {
    const ork_winograd_plan *plan = &k->plan;
    const int *n = plan->n, *m = plan->m;
    char *other = (char *)line, *spare = (char *)(line + plan->points * 16);
    int64_t size[3] = {n[0], n[1], n[2]}, element = step;
    tile_end end = end_of(k, tile, block);
    for (int dimension = 0; dimension < 3; dimension++) {
        if (n[dimension] == 1) continue;
        const int64_t w = element, h = size[2] * w, d = size[1] * h;
        size[dimension] = m[dimension];
        const int64_t tw = 64, th = size[2] * tw, td = size[1] * th;
        const int lines = (int)(dimension == 0 ? size[1] : size[0]), columns = (int)(dimension == 2 ? size[1] : size[2]);
        const ork_lines source = dimension == 0 ? (ork_lines){from, h, w, d}
            : dimension == 1                ? (ork_lines){from, d, w, h}
                                            : (ork_lines){from, d, h, w};
        const ork_lines target = dimension == 0 ? (ork_lines){other, th, tw, td}
            : dimension == 1                ? (ork_lines){other, td, tw, th}
                                            : (ork_lines){other, td, th, tw};
        if (dimension == 1 && n[2] > 1) {
            // What is left are planes.
            int done = 1;
            for (int64_t i = 0; i < m[0] && done; i++) {
                const int64_t slice = end.slice + i * end.up;
                if (slice >= k->outer->out_size[0]) break;
                end.plane.pixel = first_pixel(k, &end, slice);
                done = ork_plane_outputs(n[1], m[1], n[2], m[2], from + i * d, h, w, &end.plane);
            }
            if (done) return;
        }
        restore_lines(n[dimension], m[dimension], &source, &target, lines, columns);
        from = other, other = spare, spare = from, element = 64;
    }
    for (int i = 0; i < m[0]; i++)
        for (int h = 0; h < end.plane.rows; h++) {
            const int64_t slice = end.slice + i * end.up;
            if (slice >= k->outer->out_size[0] || end.plane.width <= 0) continue;
            ork_store_pixels(
                &k->sink, (const float *)from + (i * m[1] + h) * m[2] * 16, tile->item,
                first_pixel(k, &end, slice) + h * end.plane.row, end.plane.width, end.plane.block, 1);
        }
}
