#pragma once
// Sums of dot products of pairs: up to 8 rows of the gradient (inputs) by up to 3 blocks of 16 outputs stay in registers
// while the pairs of positions go by.
#include "vectors.h"

typedef struct {
    const char *x, *dy;  // the first pair; those of the output's gradient lie 64 bytes apart
    int64_t count;
} ork_pairs;

// sums[r * 16 + b * sum_step] (floats) begin at zero where `first`. Row r's pairs lie at x + x_offset + 4 r, `x_step` bytes
// apart; block b of the other side at dy + dy_offset + b * dy_step.
typedef void (*ork_pair_product)(
    const ork_pairs *segments, int64_t number, int64_t x_offset, int64_t x_step, int64_t dy_offset, int64_t dy_step,
    float *sums, int64_t sum_step, int first);

#define ORK_EACH _Pragma("clang loop unroll(full)")
#define ORK_PAIR_PRODUCT(R, B)                                                                                        \
    __attribute__((target(ORK_AVX512_BF16))) static void pair_product_##R##_##B(                                     \
        const ork_pairs *segments, int64_t number, int64_t x_offset, int64_t x_step, int64_t dy_offset,               \
        int64_t dy_step, float *sums, int64_t sum_step, int first) {                                                  \
        __m512 s[R][B];                                                                                               \
        ORK_EACH for (int r = 0; r < R; r++) ORK_EACH for (int b = 0; b < B; b++)                                     \
            s[r][b] = first ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * 16 + b * sum_step);                    \
        for (int64_t i = 0; i < number; i++) {                                                                        \
            const char *x = segments[i].x + x_offset, *dy = segments[i].dy + dy_offset;                               \
            for (int64_t p = segments[i].count; p > 0; p--, x += x_step, dy += 64) {                                  \
                __m512bh v[B];                                                                                        \
                ORK_EACH for (int b = 0; b < B; b++)                                                                  \
                    v[b] = (__m512bh)_mm512_load_si512((const void *)(dy + b * dy_step));                             \
                ORK_EACH for (int r = 0; r < R; r++) {                                                                \
                    const __m512bh a = (__m512bh)_mm512_set1_epi32(((const int *)(const void *)x)[r]);                \
                    ORK_EACH for (int b = 0; b < B; b++) s[r][b] = _mm512_dpbf16_ps(s[r][b], a, v[b]);                \
                }                                                                                                     \
            }                                                                                                         \
        }                                                                                                             \
        ORK_EACH for (int r = 0; r < R; r++) ORK_EACH for (int b = 0; b < B; b++)                                     \
            _mm512_storeu_ps(sums + r * 16 + b * sum_step, s[r][b]);                                                  \
    }
#define ORK_PAIR_ROWS(M, B) M(1, B) M(2, B) M(3, B) M(4, B) M(5, B) M(6, B) M(7, B) M(8, B)
ORK_PAIR_ROWS(ORK_PAIR_PRODUCT, 1)
ORK_PAIR_ROWS(ORK_PAIR_PRODUCT, 2)
ORK_PAIR_ROWS(ORK_PAIR_PRODUCT, 3)
#define ORK_PAIR_ENTRY(R, B) pair_product_##R##_##B,

// The kernel for so many rows (1...8) and blocks (1...3).
static ork_pair_product ork_pair_tile(int rows, int count) {
    static const ork_pair_product table[3][8] = {
        {ORK_PAIR_ROWS(ORK_PAIR_ENTRY, 1)}, {ORK_PAIR_ROWS(ORK_PAIR_ENTRY, 2)}, {ORK_PAIR_ROWS(ORK_PAIR_ENTRY, 3)}};
    return table[count - 1][rows - 1];
}

ORK_INLINE __attribute__((target(ORK_AVX512_BF16))) __m512i ork_wide(const uint16_t *row, int64_t w) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)(row + w * 16)));
}

// Pairs of 16 channels: pair q has the positions from + 2 q stride and one stride further, zero outside of 0 ..< width.
__attribute__((target(ORK_AVX512_BF16))) static void ork_pair_up(
    const uint16_t *row, int64_t width, int64_t from, int64_t stride, int64_t count, char *to) {
    int64_t w = from, q = 0;
    for (; q < count; q++, w += 2 * stride, to += 64) {
        if (w >= 0)
            for (; q < count && w + stride < width; q++, w += 2 * stride, to += 64) {
                const __m512i second = _mm512_slli_epi32(ork_wide(row, w + stride), 16);
                _mm512_store_si512((void *)to, _mm512_or_si512(second, ork_wide(row, w)));
            }
        if (q == count) break;
        __m512i first = _mm512_setzero_si512(), second = first;
        if (w >= 0 && w < width) first = ork_wide(row, w);
        if (w + stride >= 0 && w + stride < width) second = ork_wide(row, w + stride);
        _mm512_store_si512((void *)to, _mm512_or_si512(_mm512_slli_epi32(second, 16), first));
    }
}
