#pragma once
// Both transforms of a plane at once, between them no memory but what the compiler spills.
#include "store.h"
#include "winograd_lines.h"

// Lines of vectors: line (i, j) of rows x columns begins at i * row + j * column, its elements lie `element` apart.
typedef struct {
    char *at;
    int64_t row, column, element;  // bytes
} ork_lines;

// What of a plane lies inside of the input: rows first[0]..<end[0], columns first[1]..<end[1].
typedef struct {
    int first[2], end[2];
} ork_inside;

// So that what does not stay in registers is spilled to whole cache lines: the compiler aligns a stack for what it has
// to keep there, not for its spills.
#define ORK_ALIGNED_FRAME        \
    _Alignas(64) float frame[16]; \
    __asm__ volatile("" ::"r"(frame));

// from: pixel (y, x) at y * row + x * side, zero where it is not inside (NULL: all are). to: point (y, x) at
// (y * nx + x) * step.
ORK_LINE void ork_analyse_plane(
    int ny, int nx, int parts, const char *from, int64_t row, int64_t side, const ork_inside *inside, char *to,
    int64_t step, int type) {
    // A column outside of the input: a pixel inside, all of whose bits are taken away.
    int64_t places[ORK_MOST_LINE];
    slim bits[ORK_MOST_LINE];
    EACH for (int x = 0; inside && x < nx; x++) {
        const bool is_inside = x >= inside->first[1] && x < inside->end[1];
        places[x] = (is_inside ? x : inside->first[1]) * side, bits[x] = slim_bits(is_inside);
    }
    const bool has_columns = !inside || inside->first[1] < inside->end[1];
    for (int part = 0; part < parts; part++) {
        slim t[ORK_MOST_LINE][ORK_MOST_LINE];
        EACH for (int y = 0; y < ny; y++) {
            if (inside && (!has_columns || y < inside->first[0] || y >= inside->end[0])) {
                EACH for (int x = 0; x < nx; x++) t[y][x] = slim_zero();
                continue;
            }
            slim d[ORK_MOST_LINE];
            EACH for (int x = 0; x < nx; x++) {
                const char *at = from + y * row + (inside ? places[x] : x * side);
                d[x] = ork_load_slim(at, part * SLIM_NUMBERS, ORK_F32);
                if (inside) d[x] = slim_and(d[x], bits[x]);
            }
            ork_points_of(nx, d, t[y]);
        }
        EACH for (int x = 0; x < nx; x++) {
            slim d[ORK_MOST_LINE], v[ORK_MOST_LINE];
            EACH for (int y = 0; y < ny; y++) d[y] = t[y][x];
            ork_points_of(ny, d, v);
            EACH for (int y = 0; y < ny; y++) ork_store_slim(to + (y * nx + x) * step, part * SLIM_NUMBERS, type, v[y]);
        }
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
    const ork_sink *sink = end->sink;
    const ork_strides *output = &sink->c->output, *residual = &sink->c->residual;
    const int64_t step = sink->pixel_step * output->pixel, residual_step = sink->pixel_step * residual->pixel;
    const slim floor = slim_all(sink->c->relu ? 0.0f : -__builtin_inff());
    for (int part = 0; part < SLIM_PARTS; part++) {
        const int64_t first = part * SLIM_NUMBERS;
        slim t[ORK_MOST_LINE][ORK_MOST_LINE];
        EACH for (int x = 0; x < nx; x++) {
            slim v[ORK_MOST_LINE], y[ORK_MOST_LINE];
            EACH for (int i = 0; i < ny; i++) v[i] = ork_load_slim(from + i * row + x * side, first, ORK_F32);
            ork_outputs_of(ny, my, v, y);
            EACH for (int i = 0; i < my; i++) t[i][x] = y[i];
        }
        const slim bias = sink->bias ? slim_load(sink->bias + end->block * 16 + first) : slim_zero();
        EACH for (int i = 0; i < my; i++) {
            if (i >= end->rows) break;
            slim y[ORK_MOST_LINE];
            ork_outputs_of(nx, mx, t[i], y);
            const int64_t pixel = end->pixel + i * end->row;
            int64_t to = end->item * output->item + end->block * output->block + pixel * output->pixel + first;
            if (end->plain) {
                EACH for (int x = 0; x < mx; x++, to += step)
                    if (x < end->width) slim_store((float *)sink->output + to, slim_max(floor, slim_add(y[x], bias)));
                continue;
            }
            int64_t beside = end->item * residual->item + end->block * residual->block + pixel * residual->pixel + first;
            EACH for (int x = 0; x < mx; x++, to += step, beside += residual_step) {
                if (x >= end->width) break;
                slim v = slim_add(y[x], bias);
                if (sink->residual) v = slim_add(v, ork_load_slim(sink->residual, beside, sink->c->residual_type));
                ork_store_slim(sink->output, to, sink->c->output_type, slim_max(floor, v));
            }
        }
    }
}

// Points of a plane to its outputs alone. from: point (y, x) at y * row + x * side; to: output (y, x) at (y * m + x) * 64.
ORK_LINE void ork_restore_plane(int n, int m, const char *from, int64_t row, int64_t side, char *to) {
    for (int part = 0; part < SLIM_PARTS; part++) {
        slim t[ORK_MOST_LINE][ORK_MOST_LINE];
        EACH for (int x = 0; x < n; x++) {
            slim v[ORK_MOST_LINE], y[ORK_MOST_LINE];
            EACH for (int i = 0; i < n; i++) v[i] = ork_load_slim(from + i * row + x * side, part * SLIM_NUMBERS, ORK_F32);
            ork_outputs_of(n, m, v, y);
            EACH for (int i = 0; i < m; i++) t[i][x] = y[i];
        }
        EACH for (int i = 0; i < m; i++) {
            slim y[ORK_MOST_LINE];
            ork_outputs_of(n, m, t[i], y);
            EACH for (int x = 0; x < m; x++) ork_store_slim(to + (i * m + x) * 64, part * SLIM_NUMBERS, ORK_F32, y[x]);
        }
    }
}

// from: slice z, pixel p at (z * pixels + p) * 64, pixels = my * mx. end: of the first slice; `slice` pixels to the next
// one, of which `slices` exist.
ORK_LINE void ork_synthesize_depth(
    int n, int m, const char *from, int my, int mx, int slices, int64_t slice, const ork_plane_end *end) {
    const ork_sink *sink = end->sink;
    const ork_strides *output = &sink->c->output, *residual = &sink->c->residual;
    const slim floor = slim_all(sink->c->relu ? 0.0f : -__builtin_inff());
    for (int y = 0; y < end->rows; y++)
        for (int x = 0; x < end->width; x++) {
            const int64_t pixel = end->pixel + y * end->row + x * sink->pixel_step;
            for (int part = 0; part < SLIM_PARTS; part++) {
                const int64_t first = part * SLIM_NUMBERS;
                const slim bias = sink->bias ? slim_load(sink->bias + end->block * 16 + first) : slim_zero();
                slim v[ORK_MOST_LINE], z[ORK_MOST_LINE];
                EACH for (int i = 0; i < n; i++)
                    v[i] = ork_load_slim(from + ((i * my + y) * mx + x) * 64, first, ORK_F32);
                ork_outputs_of(n, m, v, z);
                int64_t to = end->item * output->item + end->block * output->block + pixel * output->pixel + first;
                int64_t beside =
                    end->item * residual->item + end->block * residual->block + pixel * residual->pixel + first;
                EACH for (int i = 0; i < m; i++, to += slice * output->pixel, beside += slice * residual->pixel) {
                    if (i >= slices) break;
                    slim sum = slim_add(z[i], bias);
                    if (end->plain) {
                        slim_store((float *)sink->output + to, slim_max(floor, sum));
                        continue;
                    }
                    if (sink->residual)
                        sum = slim_add(sum, ork_load_slim(sink->residual, beside, sink->c->residual_type));
                    ork_store_slim(sink->output, to, sink->c->output_type, slim_max(floor, sum));
                }
            }
        }
}

ORK_TARGET __attribute__((unused)) static bool ork_has_plane(int ny, int nx, int type) {
    return ny == nx && (ny == 4 || (type == ORK_F32 && (ny == 6 || ny == 7 || ny == 8)));
}

#define ORK_PLANE_POINTS(name, inside_or_null)                                                                       \
    ORK_TARGET __attribute__((noinline, unused)) static void name(                                                   \
        int n, int parts, const char *from, int64_t row, int64_t side, const ork_inside *inside, char *to, int64_t step,        \
        int type) {                                                                                                  \
        ORK_ALIGNED_FRAME                                                                                            \
        if (n == 4 && type != ORK_F32)                                                                               \
            ork_analyse_plane(4, 4, parts, from, row, side, inside_or_null, to, step, ORK_BF16);                            \
        else if (n == 4)                                                                                             \
            ork_analyse_plane(4, 4, parts, from, row, side, inside_or_null, to, step, ORK_F32);                             \
        else if (n == 6)                                                                                             \
            ork_analyse_plane(6, 6, parts, from, row, side, inside_or_null, to, step, ORK_F32);                             \
        else if (n == 7)                                                                                             \
            ork_analyse_plane(7, 7, parts, from, row, side, inside_or_null, to, step, ORK_F32);                             \
        else                                                                                                         \
            ork_analyse_plane(8, 8, parts, from, row, side, inside_or_null, to, step, ORK_F32);                             \
    }
// `parts` of n x n pixels to points (ork_has_plane), of planes inside of the input and of those at its edges.
ORK_PLANE_POINTS(ork_plane_points, 0)
ORK_PLANE_POINTS(ork_edge_plane_points, inside)

// Returns 0 where there is no such plane.
ORK_TARGET __attribute__((noinline, unused)) static int ork_plane_outputs(
    int ny, int my, int nx, int mx, const char *from, int64_t row, int64_t side, const ork_plane_end *end) {
    ORK_ALIGNED_FRAME
    switch (((ny * 10 + my) * 10 + nx) * 10 + mx) {
    case 3232: ork_synthesize_plane(3, 2, 3, 2, from, row, side, end); return 1;
    case 4242: ork_synthesize_plane(4, 2, 4, 2, from, row, side, end); return 1;
    case 6464: ork_synthesize_plane(6, 4, 6, 4, from, row, side, end); return 1;
    case 6363: ork_synthesize_plane(6, 3, 6, 3, from, row, side, end); return 1;
    case 6262: ork_synthesize_plane(6, 2, 6, 2, from, row, side, end); return 1;
    case 7474: ork_synthesize_plane(7, 4, 7, 4, from, row, side, end); return 1;
    case 8484: ork_synthesize_plane(8, 4, 8, 4, from, row, side, end); return 1;
    default: return 0;
    }
}

// The lengths of transforms that three dimensions have; along the depth there is one more.
#define ORK_EACH_DEPTH(M) M(3, 2) M(4, 2) M(4, 3) M(6, 2) M(6, 3) M(6, 4) M(6, 5) M(7, 4) M(8, 2) M(8, 4)
#define ORK_CASE_OF_PLANE(n, m) \
    case n * 10 + m: ork_restore_plane(n, m, from, row, side, to); break;
#define ORK_CASE_OF_DEPTH(n, m) \
    case n * 10 + m: ork_synthesize_depth(n, m, from, my, mx, slices, slice, end); break;

ORK_TARGET __attribute__((noinline, unused)) static void ork_plane_of_slice(
    int n, int m, const char *from, int64_t row, int64_t side, char *to) {
    ORK_ALIGNED_FRAME
    switch (n * 10 + m) { ORK_EACH_DEPTH(ORK_CASE_OF_PLANE) }
}

ORK_TARGET __attribute__((noinline, unused)) static void ork_depth_outputs(
    int n, int m, const char *from, int my, int mx, int slices, int64_t slice, const ork_plane_end *end) {
    ORK_ALIGNED_FRAME
    switch (n * 10 + m) { ORK_EACH_DEPTH(ORK_CASE_OF_DEPTH) ORK_CASE_OF_DEPTH(11, 8) }
}
