#pragma once
// One tile's window of the input to points.
#include <string.h>
#include "winograd_phases.h"

ORK_LINE void transform(int n, int parts, const ork_lines *from, const ork_lines *to, int rows, int columns, int type) {
    const int64_t fe = from->element, te = to->element, fr = from->row, fc = from->column, tr = to->row, tc = to->column;
    const char *const f0 = from->at;
    char *const t0 = to->at;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int part = 0; part < parts; part++) {
                const char *f = f0 + i * fr + j * fc;
                char *t = t0 + i * tr + j * tc;
                slim d[ORK_MOST_LINE], v[ORK_MOST_LINE];
                EACH for (int k = 0; k < n; k++) d[k] = ork_load_slim(f + k * fe, part * SLIM_NUMBERS, ORK_F32);
                ork_points_of(n, d, v);
                EACH for (int k = 0; k < n; k++) ork_store_slim(t + k * te, part * SLIM_NUMBERS, type, v[k]);
            }
}

ORK_TARGET __attribute__((noinline)) static void transform_lines(
    int n, int parts, const ork_lines *from, const ork_lines *to, int rows, int columns, int type) {
    if (type == ORK_F32) {
        if (n == 4) transform(4, parts, from, to, rows, columns, ORK_F32);
        if (n == 6) transform(6, parts, from, to, rows, columns, ORK_F32);
        if (n == 7) transform(7, parts, from, to, rows, columns, ORK_F32);
        if (n == 8) transform(8, parts, from, to, rows, columns, ORK_F32);
        if (n == 10) transform(10, parts, from, to, rows, columns, ORK_F32);
        if (n == 11) transform(11, parts, from, to, rows, columns, ORK_F32);
    } else {
        if (n == 4) transform(4, parts, from, to, rows, columns, ORK_BF16);
        if (n == 6) transform(6, parts, from, to, rows, columns, ORK_BF16);
        if (n == 7) transform(7, parts, from, to, rows, columns, ORK_BF16);
        if (n == 8) transform(8, parts, from, to, rows, columns, ORK_BF16);
        if (n == 10) transform(10, parts, from, to, rows, columns, ORK_BF16);
    }
}

// The window of one tile in 16 channels, zero outside of the input: [d][h][w][16].
ORK_TARGET static void window(
    const work *k, const int64_t origin[3], int64_t item, int64_t chunk, float *to) {
    const ork_convolution *c = k->c;
    const int *n = k->plan.n;
    const int64_t base = item * c->input.item + chunk * c->input.block;
    const int64_t left = origin[2] < 0 ? -origin[2] : 0, room = c->in_size[2] - origin[2];
    const int64_t right = room < n[2] ? room : n[2];
    for (int d = 0; d < n[0]; d++)
        for (int h = 0; h < n[1]; h++, to += n[2] * 16) {
            const int64_t z = origin[0] + d, y = origin[1] + h;
            const int inside = z >= 0 && z < c->in_size[0] && y >= 0 && y < c->in_size[1] && left < right;
            const int64_t row = base + ((z * c->in_size[1] + y) * c->in_size[2] + origin[2]) * c->input.pixel;
            if (!inside || left > 0 || right < n[2])
                for (int w = 0; w < n[2]; w++) wide_store_aligned(to + w * 16, wide_zero());
            for (int64_t w = left; inside && w < right; w++)
                wide_store_aligned(to + w * 16, ork_load16(k->input, row + w * c->input.pixel, c->input_type));
        }
}

// Each plane of a tile to points `to->element` apart. from: slices, rows and pixels. What lies inside of the input goes
// from first to end in each dimension (first is NULL: all does).
static void analyse_planes(
    const int n[3], int parts, const ork_lines *from, const int *first, const int *end, const ork_lines *to, int type) {
    const ork_inside none = {0}, part = first ? (ork_inside){{first[1], first[2]}, {end[1], end[2]}} : none;
    const bool is_whole = !first || (first[1] == 0 && first[2] == 0 && end[1] == n[1] && end[2] == n[2]);
    for (int d = 0; d < n[0]; d++) {
        const bool is_slice = !first || (d >= first[0] && d < end[0]);
        const char *pixels = from->at + d * from->row;
        char *points = to->at + d * n[1] * n[2] * to->element;
        if (!is_slice && n[0] > 1)
            memset(points, 0, (size_t)(n[1] * n[2]) * 64);
        else if (is_slice && is_whole)
            ork_plane_points(n[1], parts, pixels, from->column, from->element, 0, points, to->element, type);
        else
            ork_edge_plane_points(
                n[1], parts, pixels, from->column, from->element, is_slice ? &part : &none, points, to->element, type);
    }
}

// One tile to its points: point p of chunk c goes to `to + p * step + c * chunk_step`.
static void analyse(
    const work *k, const place *tile, int64_t chunk, float *line, char *to, int64_t step, int64_t chunk_step) {
    const ork_winograd_plan *plan = &k->plan;
    const ork_convolution *c = k->c;
    const int *n = plan->n, type = ork_value_type(c->type), alone = n[0] == 1;
    const bool has_plane = ork_has_plane(n[1], n[2], alone ? type : ORK_F32);
    // Of the last chunk no more than is multiplied.
    const bool is_short = k->channels->inputs <= chunk * 16 + SLIM_NUMBERS;
    const int parts = is_short ? 1 : SLIM_PARTS;
    int64_t origin[3];
    bool inside = true;
    int first[3], end[3];
    for (int i = 0; i < 3; i++) {
        origin[i] = tile->out[i] - c->padding[i];
        const int64_t room = c->in_size[i] - origin[i];
        first[i] = origin[i] < 0 ? (int)-origin[i] : 0, end[i] = room < n[i] ? (int)room : n[i];
        inside &= first[i] == 0 && end[i] == n[i];
    }
    char *from = (char *)line, *other = (char *)(line + plan->points * 16), *spare = from;
    int64_t side = 64, row = n[2] * side, slice = n[1] * row;
    const bool in_place = c->input_type == ORK_F32 && (inside || has_plane);
    if (in_place) {
        side = c->input.pixel * 4, row = side * c->in_size[2], slice = row * c->in_size[1];
        from = (char *)(uintptr_t)k->input + (tile->item * c->input.item + chunk * c->input.block) * 4
            + origin[0] * slice + origin[1] * row + origin[2] * side;
        // What the next tile adds to this one.
        for (int d = first[0]; d < end[0]; d++)
            for (int h = first[1]; h < end[1]; h++)
                for (int w = n[2]; w < n[2] + plan->m[2]; w++)
                    _mm_prefetch(from + d * slice + h * row + w * side, _MM_HINT_T0);
    } else {
        window(k, origin, tile->item, chunk, line);
    }
    int left = (n[0] > 1) + (n[1] > 1) + (n[2] > 1), first_left = 2;
    if (has_plane) {
        // The planes first, where there is a kernel for them.
        const ork_lines pixels = {from, slice, row, side}, points = {alone ? to + chunk * chunk_step : other, 0, 0, alone ? step : 64};
        analyse_planes(n, parts, &pixels, in_place ? first : 0, end, &points, alone ? type : ORK_F32);
        if (alone) return;
        left = 1, first_left = 0;
        from = points.at, other = spare, spare = from, side = 64, row = n[2] * side, slice = n[1] * row;
    }
    for (int dimension = first_left; dimension >= 0; dimension--) {
        if (n[dimension] == 1) continue;
        const int last = --left == 0;
        const int64_t tw = last ? step : 64, th = n[2] * tw, td = n[1] * th;
        char *target = last ? to + chunk * chunk_step : other;
        const int kind = last ? type : ORK_F32;
        // By reference: what was just written in halves would be slow to copy whole.
        const ork_lines f = dimension == 2 ? (ork_lines){from, slice, row, side}
            : dimension == 1           ? (ork_lines){from, slice, side, row}
                                       : (ork_lines){from, row, side, slice};
        const ork_lines t = dimension == 2 ? (ork_lines){target, td, th, tw}
            : dimension == 1           ? (ork_lines){target, td, tw, th}
                                       : (ork_lines){target, th, tw, td};
        transform_lines(n[dimension], parts, &f, &t, n[dimension == 0], n[dimension == 2 ? 1 : 2], kind);
        from = target, other = spare, spare = from, side = 64, row = n[2] * side, slice = n[1] * row;
    }
}
