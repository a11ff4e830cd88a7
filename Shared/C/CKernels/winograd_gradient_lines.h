#pragma once
// Transforms and products of winograd_gradient.c, of 16 channels at a time.
#include "winograd_lines.h"

enum { ORK_MOST_POINTS_OF_LINE = 10, ORK_MOST_POINTS_OF_PLANE = 8 };

// m numbers, taken as a polynomial, at n points. What ork_winograd_rows divides by is made good in the end.
ORK_LINE void ork_values_at(int n, int m, const slim *d, slim *v) {
    const int pairs = (n - 2) / 2;
    EACH for (int j = 0; j < pairs; j++) {
        const float point = ork_points[n - 3][j];
        // Horner's rule for even and odd powers apart.
        slim even = d[(m - 1) / 2 * 2], odd = d[m / 2 * 2 - 1];
        EACH for (int i = (m - 1) / 2 * 2 - 2; i >= 0; i -= 2) even = slim_fma(V1(point * point), even, d[i]);
        EACH for (int i = m / 2 * 2 - 3; i >= 0; i -= 2) odd = slim_fma(V1(point * point), odd, d[i]);
        v[1 + 2 * j] = slim_fma(V1(point), odd, even);
        v[2 + 2 * j] = slim_fnma(V1(point), odd, even);
    }
    v[0] = d[0];
    v[n - 1] = d[m - 1];
}

// A line of `pixels` to n points: of the input where there are n, else of the output's gradient.
ORK_LINE void ork_gradient_points(int n, int pixels, const slim *d, slim *v) {
    if (pixels == n)
        ork_points_of(n, d, v);
    else
        ork_values_at(n, pixels, d, v);
}

// `from` and its distances: elements of `type`; of what is written: floats.
ORK_LINE void ork_line(int n, int pixels, int type, const void *from, int64_t apart, float *to, int64_t step) {
    for (int part = 0; part < SLIM_PARTS; part++) {
        const int64_t first = part * SLIM_NUMBERS;
        slim d[ORK_MOST_POINTS_OF_LINE], v[ORK_MOST_POINTS_OF_LINE];
        EACH for (int x = 0; x < pixels; x++) d[x] = ork_load_slim(from, x * apart + first, type);
        ork_gradient_points(n, pixels, d, v);
        EACH for (int x = 0; x < n; x++) slim_store(to + x * step + first, v[x]);
    }
}

ORK_LINE void ork_plane(int n, int pixels, int type, const void *from, int64_t row, float *to, int64_t step) {
    for (int part = 0; part < SLIM_PARTS; part++) {
        const int64_t first = part * SLIM_NUMBERS;
        slim t[ORK_MOST_POINTS_OF_PLANE][ORK_MOST_POINTS_OF_PLANE];
        EACH for (int y = 0; y < pixels; y++) {
            slim d[ORK_MOST_POINTS_OF_PLANE];
            EACH for (int x = 0; x < pixels; x++) d[x] = ork_load_slim(from, y * row + x * 16 + first, type);
            ork_gradient_points(n, pixels, d, t[y]);
        }
        EACH for (int x = 0; x < n; x++) {
            slim d[ORK_MOST_POINTS_OF_PLANE], v[ORK_MOST_POINTS_OF_PLANE];
            EACH for (int y = 0; y < pixels; y++) d[y] = t[y][x];
            ork_gradient_points(n, pixels, d, v);
            EACH for (int y = 0; y < n; y++) slim_store(to + (y * n + x) * step + first, v[y]);
        }
    }
}

ORK_LINE void ork_depth(int n, int pixels, const float *from, int64_t lines, float *to, int64_t step) {
    for (int64_t i = 0; i < lines; i++)
        for (int part = 0; part < SLIM_PARTS; part++) {
            const int64_t first = part * SLIM_NUMBERS;
            slim d[ORK_MOST_POINTS_OF_PLANE], v[ORK_MOST_POINTS_OF_PLANE];
            EACH for (int z = 0; z < pixels; z++) d[z] = slim_load(from + (z * lines + i) * 16 + first);
            ork_gradient_points(n, pixels, d, v);
            EACH for (int z = 0; z < n; z++) slim_store(to + (z * lines + i) * step + first, v[z]);
        }
}

#define ORK_LENGTH(n, pixels) ((n) * 16 + (pixels))
#define ORK_EACH_LENGTH(function, ...)                              \
    case ORK_LENGTH(6, 3): function(6, 3, __VA_ARGS__); break;      \
    case ORK_LENGTH(6, 4): function(6, 4, __VA_ARGS__); break;      \
    case ORK_LENGTH(6, 6): function(6, 6, __VA_ARGS__); break;      \
    case ORK_LENGTH(8, 4): function(8, 4, __VA_ARGS__); break;      \
    case ORK_LENGTH(8, 5): function(8, 5, __VA_ARGS__); break;      \
    case ORK_LENGTH(8, 6): function(8, 6, __VA_ARGS__); break;      \
    case ORK_LENGTH(8, 8): function(8, 8, __VA_ARGS__); break;
#define ORK_EACH_LENGTH_OF_LINES(function, ...)                     \
    ORK_EACH_LENGTH(function, __VA_ARGS__)                          \
    case ORK_LENGTH(8, 2): function(8, 2, __VA_ARGS__); break;      \
    case ORK_LENGTH(10, 4): function(10, 4, __VA_ARGS__); break;    \
    case ORK_LENGTH(10, 10): function(10, 10, __VA_ARGS__); break;

// Pixels along one dimension, `apart` elements from each other, to n points, `step` floats apart.
__attribute__((noinline)) ORK_TARGET static void ork_gradient_line(
    int n, int pixels, int type, const void *from, int64_t apart, float *to, int64_t step) {
    switch (ORK_LENGTH(n, pixels)) { ORK_EACH_LENGTH_OF_LINES(ork_line, type, from, apart, to, step) }
}

// pixels x pixels to n x n points, `step` floats apart.
__attribute__((noinline)) ORK_TARGET static void ork_gradient_plane(
    int n, int pixels, int type, const void *from, int64_t row, float *to, int64_t step) {
#ifndef ORK_NARROW
    if (type == ORK_BF16) {
        switch (ORK_LENGTH(n, pixels)) { ORK_EACH_LENGTH(ork_plane, ORK_BF16, from, row, to, step) }
        return;
    }
#endif
    switch (ORK_LENGTH(n, pixels)) { ORK_EACH_LENGTH(ork_plane, ORK_F32, from, row, to, step) }
}

// Planes of `lines` points to n planes.
__attribute__((noinline)) ORK_TARGET static void ork_gradient_depth(
    int n, int pixels, const float *from, int64_t lines, float *to, int64_t step) {
    switch (ORK_LENGTH(n, pixels)) { ORK_EACH_LENGTH(ork_depth, from, lines, to, step) }
}

// sums[8][16] of each block, `sum_step` apart: of `count` products of 8 inputs with 16 outputs; from zero where `first`.
typedef void (*ork_gradient_products)(
    const float *x, int64_t x_step, const float *dy, int64_t dy_step, int64_t count, float *sums, int64_t sum_step,
    int first);

ORK_WIDE void ork_product(
    int rows, int blocks, const float *x, int64_t x_step, const float *dy, int64_t dy_step, int64_t count, float *sums,
    int64_t sum_step, int first) {
    wide s[8][3];
    EACH for (int r = 0; r < rows; r++) EACH for (int b = 0; b < blocks; b++)
        s[r][b] = first ? wide_zero() : wide_load(sums + b * sum_step + r * 16);
    for (int64_t i = 0; i < count; i++, x += x_step, dy += dy_step) {
        wide v[3];
        EACH for (int b = 0; b < blocks; b++) v[b] = wide_load(dy + b * 16);
        EACH for (int r = 0; r < rows; r++) {
            const wide a = wide_all(x[r]);
            EACH for (int b = 0; b < blocks; b++) s[r][b] = wide_fma(a, v[b], s[r][b]);
        }
    }
    EACH for (int r = 0; r < rows; r++) EACH for (int b = 0; b < blocks; b++)
        wide_store(sums + b * sum_step + r * 16, s[r][b]);
}

// As many rows and blocks at a time as there are registers for.
#ifdef ORK_NARROW
enum { ORK_ROWS_AT_ONCE = 4 };
#define ORK_BLOCKS_AT_ONCE(B) 1
#else
enum { ORK_ROWS_AT_ONCE = 8 };
#define ORK_BLOCKS_AT_ONCE(B) B
#endif
#define ORK_GRADIENT_PRODUCT(B)                                                                                       \
    ORK_TARGET static void ork_gradient_product_##B(                                                                  \
        const float *x, int64_t x_step, const float *dy, int64_t dy_step, int64_t count, float *sums,                 \
        int64_t sum_step, int first) {                                                                                \
        EACH for (int b = 0; b < B; b += ORK_BLOCKS_AT_ONCE(B)) EACH for (int r = 0; r < 8; r += ORK_ROWS_AT_ONCE)    \
            ork_product(                                                                                              \
                ORK_ROWS_AT_ONCE, ORK_BLOCKS_AT_ONCE(B), x + r, x_step, dy + b * 16, dy_step, count,                  \
                sums + b * sum_step + r * 16, sum_step, first);                                                       \
    }
ORK_GRADIENT_PRODUCT(1)
ORK_GRADIENT_PRODUCT(2)
ORK_GRADIENT_PRODUCT(3)

static ork_gradient_products ork_gradient_product(int blocks) {
    return blocks == 1 ? ork_gradient_product_1 : blocks == 2 ? ork_gradient_product_2 : ork_gradient_product_3;
}

typedef float ork_line_rows[ORK_MOST_POINTS_OF_LINE][ORK_MOST_POINTS_OF_LINE];

// lines[i] of n, `apart` vectors from element to element, to r each: r by r taps lie side by side.
ORK_LINE void ork_taps_along(
    int n, int r, const ork_line_rows rows, const wide *from, int64_t apart, wide *to, int64_t to_apart) {
    for (int i = 0; i < r; i++) {
        wide sum = wide_mul(wide_all(rows[i][0]), from[0]);
        for (int j = 1; j < n; j++) sum = wide_fma(wide_all(rows[i][j]), from[j * apart], sum);
        to[i * to_apart] = sum;
    }
}

// One row of 16 outputs: the sums at each point, `step` floats apart, to taps, `to_step` apart.
__attribute__((noinline)) ORK_TARGET static void ork_gradient_taps(
    int n, int r, int dimensions, const ork_line_rows rows, const float *sums, int64_t step, float *to,
    int64_t to_step) {
    wide points[8 * 8 * 8], lines[8 * 8 * 5], planes[8 * 5 * 5];
    const int depth = dimensions > 2 ? n : 1, height = dimensions > 1 ? n : 1;
    for (int p = 0; p < depth * height * n; p++) points[p] = wide_load(sums + p * step);
    for (int l = 0; l < depth * height; l++) ork_taps_along(n, r, rows, points + l * n, 1, lines + l * r, 1);
    const wide *taps = lines;
    int count = r;
    if (dimensions > 1) {
        for (int d = 0; d < depth; d++)
            for (int w = 0; w < r; w++)
                ork_taps_along(n, r, rows, lines + d * n * r + w, r, planes + d * r * r + w, r);
        taps = planes, count *= r;
    }
    if (dimensions > 2) {
        for (int i = 0; i < r * r; i++) ork_taps_along(n, r, rows, planes + i, r * r, lines + i, r * r);
        taps = lines, count *= r;
    }
    for (int i = 0; i < count; i++) wide_store(to + i * to_step, taps[i]);
}

// What ork_gradient_taps takes: each tap's share of each point.
static void ork_gradient_rows(int n, int r, ork_line_rows rows) {
    double share[ORK_MOST_LINE][ORK_MOST_LINE];
    ork_winograd_rows(n, 1, share);
    for (int j = 0; j < n; j++) {
        const double point = j == 0 || j == n - 1 ? 0 : ork_points[n - 3][(j - 1) / 2] * (j % 2 ? 1 : -1);
        double power = 1;
        for (int i = 0; i < r; i++, power *= point)
            rows[i][j] = (float)(j == n - 1 ? i == r - 1 : power * share[j][0]);
    }
}
