#pragma once
// Transforms and products of winograd_gradient.c, of 16 channels at a time.
#include "winograd_lines.h"

ORK_LINE __m512 ork_widened(const uint16_t *from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)from)), 16));
}

// m numbers, taken as a polynomial, at n points. What ork_winograd_rows divides by is made good in the end.
ORK_LINE void ork_values_at(int n, int m, const __m512 *d, __m512 *v) {
    const int pairs = (n - 2) / 2;
    EACH for (int j = 0; j < pairs; j++) {
        const float point = ork_points[pairs - 1][j];
        // Horner's rule for even and odd powers apart.
        __m512 even = d[(m - 1) / 2 * 2], odd = d[m / 2 * 2 - 1];
        EACH for (int i = (m - 1) / 2 * 2 - 2; i >= 0; i -= 2) even = _mm512_fmadd_ps(V1(point * point), even, d[i]);
        EACH for (int i = m / 2 * 2 - 3; i >= 0; i -= 2) odd = _mm512_fmadd_ps(V1(point * point), odd, d[i]);
        v[1 + 2 * j] = _mm512_fmadd_ps(V1(point), odd, even);
        v[2 + 2 * j] = _mm512_fnmadd_ps(V1(point), odd, even);
    }
    v[0] = d[0];
    v[n - 1] = d[m - 1];
}

// A line of `pixels` to n points: of the input where there are n, else of the output's gradient.
ORK_LINE void ork_gradient_line(int n, int pixels, const __m512 *d, __m512 *v) {
    if (pixels == n)
        ork_points_of(n, d, v);
    else
        ork_values_at(n, pixels, d, v);
}

ORK_LINE void ork_plane(int n, int pixels, const uint16_t *from, int64_t row, float *to, int64_t step) {
    __m512 t[8][8];
    EACH for (int y = 0; y < pixels; y++) {
        __m512 d[8];
        EACH for (int x = 0; x < pixels; x++) d[x] = ork_widened(from + y * row + x * 16);
        ork_gradient_line(n, pixels, d, t[y]);
    }
    EACH for (int x = 0; x < n; x++) {
        __m512 d[8], v[8];
        EACH for (int y = 0; y < pixels; y++) d[y] = t[y][x];
        ork_gradient_line(n, pixels, d, v);
        EACH for (int y = 0; y < n; y++) _mm512_storeu_ps(to + (y * n + x) * step, v[y]);
    }
}

ORK_LINE void ork_depth(int n, int pixels, const float *from, int64_t lines, float *to, int64_t step) {
    for (int64_t i = 0; i < lines; i++) {
        __m512 d[8], v[8];
        EACH for (int z = 0; z < pixels; z++) d[z] = _mm512_loadu_ps(from + (z * lines + i) * 16);
        ork_gradient_line(n, pixels, d, v);
        EACH for (int z = 0; z < n; z++) _mm512_storeu_ps(to + (z * lines + i) * step, v[z]);
    }
}

#define ORK_EACH_LENGTH(function, ...)                     \
    switch (n * 10 + pixels) {                             \
    case 63: function(6, 3, __VA_ARGS__); break;           \
    case 64: function(6, 4, __VA_ARGS__); break;           \
    case 66: function(6, 6, __VA_ARGS__); break;           \
    case 84: function(8, 4, __VA_ARGS__); break;           \
    case 85: function(8, 5, __VA_ARGS__); break;           \
    case 86: function(8, 6, __VA_ARGS__); break;           \
    case 88: function(8, 8, __VA_ARGS__); break;           \
    }

// pixels x pixels to n x n points, `step` floats apart.
__attribute__((target(ORK_AVX512_BF16), noinline)) static void ork_gradient_plane(
    int n, int pixels, const uint16_t *from, int64_t row, float *to, int64_t step) {
    ORK_EACH_LENGTH(ork_plane, from, row, to, step)
}

// Planes of `lines` points to n planes.
__attribute__((target(ORK_AVX512_BF16), noinline)) static void ork_gradient_depth(
    int n, int pixels, const float *from, int64_t lines, float *to, int64_t step) {
    ORK_EACH_LENGTH(ork_depth, from, lines, to, step)
}

// sums[8][16] of each block, `sum_step` apart: of `count` products of 8 inputs with 16 outputs; from zero where `first`.
typedef void (*ork_gradient_products)(
    const float *x, int64_t x_step, const float *dy, int64_t dy_step, int64_t count, float *sums, int64_t sum_step,
    int first);

#define ORK_GRADIENT_PRODUCT(B)                                                                                   \
    __attribute__((target(ORK_AVX512_BF16))) static void ork_gradient_product_##B(                                \
        const float *x, int64_t x_step, const float *dy, int64_t dy_step, int64_t count, float *sums,             \
        int64_t sum_step, int first) {                                                                            \
        __m512 s[8][B];                                                                                           \
        EACH for (int r = 0; r < 8; r++) EACH for (int b = 0; b < B; b++)                                         \
            s[r][b] = first ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + b * sum_step + r * 16);                \
        for (int64_t i = 0; i < count; i++, x += x_step, dy += dy_step) {                                         \
            __m512 v[B];                                                                                          \
            EACH for (int b = 0; b < B; b++) v[b] = _mm512_loadu_ps(dy + b * 16);                                 \
            EACH for (int r = 0; r < 8; r++) {                                                                    \
                const __m512 a = _mm512_set1_ps(x[r]);                                                            \
                EACH for (int b = 0; b < B; b++) s[r][b] = _mm512_fmadd_ps(a, v[b], s[r][b]);                     \
            }                                                                                                     \
        }                                                                                                         \
        EACH for (int r = 0; r < 8; r++) EACH for (int b = 0; b < B; b++)                                         \
            _mm512_storeu_ps(sums + b * sum_step + r * 16, s[r][b]);                                              \
    }
ORK_GRADIENT_PRODUCT(1)
ORK_GRADIENT_PRODUCT(2)
ORK_GRADIENT_PRODUCT(3)

static ork_gradient_products ork_gradient_product(int blocks) {
    return blocks == 1 ? ork_gradient_product_1 : blocks == 2 ? ork_gradient_product_2 : ork_gradient_product_3;
}

// lines[i] of n, `apart` vectors from element to element, to r each: r by r taps lie side by side.
ORK_LINE void ork_taps_along(
    int n, int r, const float (*rows)[8], const __m512 *from, int64_t apart, __m512 *to, int64_t to_apart) {
    for (int i = 0; i < r; i++) {
        __m512 sum = _mm512_mul_ps(_mm512_set1_ps(rows[i][0]), from[0]);
        for (int j = 1; j < n; j++) sum = _mm512_fmadd_ps(_mm512_set1_ps(rows[i][j]), from[j * apart], sum);
        to[i * to_apart] = sum;
    }
}

// One row of 16 outputs: the sums of all threads at each point, `step` floats apart, to taps, `to_step` apart.
__attribute__((target(ORK_AVX512_BF16), noinline)) static void ork_gradient_taps(
    int n, int r, int deep, const float (*rows)[8], const float *sums, int64_t step, int threads, int64_t thread_step,
    float *to, int64_t to_step) {
    __m512 points[8 * 8 * 8], lines[8 * 8 * 5], planes[8 * 5 * 5];
    const int depth = deep ? n : 1;
    for (int p = 0; p < depth * n * n; p++) {
        points[p] = _mm512_loadu_ps(sums + p * step);
        for (int t = 1; t < threads; t++)
            points[p] = _mm512_add_ps(points[p], _mm512_loadu_ps(sums + p * step + t * thread_step));
    }
    for (int l = 0; l < depth * n; l++) ork_taps_along(n, r, rows, points + l * n, 1, lines + l * r, 1);
    for (int d = 0; d < depth; d++)
        for (int w = 0; w < r; w++)
            ork_taps_along(n, r, rows, lines + d * n * r + w, r, planes + d * r * r + w, r);
    if (deep)
        for (int i = 0; i < r * r; i++) ork_taps_along(n, r, rows, planes + i, r * r, lines + i, r * r);
    const __m512 *taps = deep ? lines : planes;
    for (int i = 0; i < (deep ? r : 1) * r * r; i++) _mm512_storeu_ps(to + i * to_step, taps[i]);
}

// What ork_gradient_taps takes: each tap's share of each point.
static void ork_gradient_rows(int n, int r, float rows[8][8]) {
    double share[ORK_MOST_LINE][ORK_MOST_LINE];
    ork_winograd_rows(n, 1, share);
    for (int j = 0; j < n; j++) {
        const double point = j == 0 || j == n - 1 ? 0 : ork_points[(n - 4) / 2][(j - 1) / 2] * (j % 2 ? 1 : -1);
        double power = 1;
        for (int i = 0; i < r; i++, power *= point)
            rows[i][j] = (float)(j == n - 1 ? i == r - 1 : power * share[j][0]);
    }
}
