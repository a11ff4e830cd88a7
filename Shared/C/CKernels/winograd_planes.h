#pragma once
// Both transforms of a plane at once, between them no memory but what the compiler spills.
#include "store.h"
#include "winograd_lines.h"

// Lines of vectors: line (i, j) of rows x columns begins at i * row + j * column, its elements lie `element` apart.
typedef struct {
    char *at;
    int64_t row, column, element;  // bytes
} ork_lines;

ORK_LINE void ork_put(char *to, int type, wide v) {
    if (type == ORK_F32)
        wide_store_aligned((void *)to, v);
    else
        ork_store16(to, 0, ORK_BF16, v);
}

// from: pixel (y, x) at y * row + x * side. to: point (y, x) at (y * nx + x) * step.
ORK_LINE void ork_analyse_plane(
    int ny, int nx, const char *from, int64_t row, int64_t side, char *to, int64_t step, int type) {
    wide t[8][8];
    EACH for (int y = 0; y < ny; y++) {
        wide d[8];
        EACH for (int x = 0; x < nx; x++) d[x] = wide_load((const void *)(from + y * row + x * side));
        ork_points_of(nx, d, t[y]);
    }
    EACH for (int x = 0; x < nx; x++) {
        wide d[8], v[8];
        EACH for (int y = 0; y < ny; y++) d[y] = t[y][x];
        ork_points_of(ny, d, v);
        EACH for (int y = 0; y < ny; y++) ork_put(to + (y * nx + x) * step, type, v[y]);
    }
}

typedef struct {
    const ork_sink *sink;
    int64_t item, pixel, row;  // of the first output; pixels from row to row
    int rows, width, block;    // how many of them exist
    int plain;                 // float32 without residual
} ork_plane_end;

// from: point (y, x) at y * row + x * side.
ORK_LINE void ork_synthesize_plane(
    int ny, int my, int nx, int mx, const char *from, int64_t row, int64_t side, const ork_plane_end *end) {
    wide t[8][8];
    EACH for (int x = 0; x < nx; x++) {
        wide v[8], y[8];
        EACH for (int i = 0; i < ny; i++) v[i] = wide_load_aligned((const void *)(from + i * row + x * side));
        ork_outputs_of(ny, my, v, y);
        EACH for (int i = 0; i < my; i++) t[i][x] = y[i];
    }
    const ork_sink *sink = end->sink;
    const ork_strides *strides = &sink->c->output;
    const wide bias = sink->bias ? wide_load(sink->bias + end->block * 16) : wide_zero();
    const wide floor = wide_all(sink->c->relu ? 0.0f : -__builtin_inff());
    EACH for (int i = 0; i < my; i++) {
        if (i >= end->rows) return;
        wide y[8];
        ork_outputs_of(nx, mx, t[i], y);
        const int64_t pixel = end->pixel + i * end->row;
        if (end->plain) {
            float *to = (float *)sink->output + end->item * strides->item + end->block * strides->block
                + pixel * strides->pixel;
            const int64_t step = sink->pixel_step * strides->pixel;
            EACH for (int x = 0; x < mx; x++, to += step)
                if (x < end->width) wide_store(to, wide_max(floor, wide_add(y[x], bias)));
        } else {
            _Alignas(64) float line[8 * 16];
            EACH for (int x = 0; x < mx; x++) wide_store_aligned(line + x * 16, y[x]);
            ork_store_pixels(sink, line, end->item, pixel, end->width, end->block, 1);
        }
    }
}

// Returns 0 where there is no such plane.
ORK_TARGET __attribute__((noinline, unused)) static int ork_plane_points(
    int ny, int nx, const char *from, int64_t row, int64_t side, char *to, int64_t step, int type) {
    if (type != ORK_F32) {
        if (ny != 4 || nx != 4) return 0;
        ork_analyse_plane(4, 4, from, row, side, to, step, ORK_BF16);
        return 1;
    }
    switch (ny * 10 + nx) {
    case 44: ork_analyse_plane(4, 4, from, row, side, to, step, ORK_F32); return 1;
    case 66: ork_analyse_plane(6, 6, from, row, side, to, step, ORK_F32); return 1;
    case 88: ork_analyse_plane(8, 8, from, row, side, to, step, ORK_F32); return 1;
    default: return 0;
    }
}

ORK_TARGET __attribute__((noinline, unused)) static int ork_plane_outputs(
    int ny, int my, int nx, int mx, const char *from, int64_t row, int64_t side, const ork_plane_end *end) {
    switch (((ny * 10 + my) * 10 + nx) * 10 + mx) {
    case 4242: ork_synthesize_plane(4, 2, 4, 2, from, row, side, end); return 1;
    case 6464: ork_synthesize_plane(6, 4, 6, 4, from, row, side, end); return 1;
    case 6363: ork_synthesize_plane(6, 3, 6, 3, from, row, side, end); return 1;
    case 6262: ork_synthesize_plane(6, 2, 6, 2, from, row, side, end); return 1;
    case 8484: ork_synthesize_plane(8, 4, 8, 4, from, row, side, end); return 1;
    case 8585: ork_synthesize_plane(8, 5, 8, 5, from, row, side, end); return 1;
    default: return 0;
    }
}
