// Instantiates the tile kernels of one type. Defines before inclusion: TILE_NAME(P, B), TILE_INPUTS (bytes of one step of
// a pixel's inputs), TILE_STEPS (steps of a chunk), TILE_VECTOR, TILE_LOAD (weights), TILE_SPREAD (inputs of one pixel),
// TILE_PRODUCT(sum, pixel, weights).
#include "vectors.h"

#define TILE_EACH_INDEX _Pragma("clang loop unroll(full)")

__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE void tile_begin(
    int pixels, int blocks, const ork_tile_end *end, __m512 s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS]) {
    if (!end->begins) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                s[p][b] = _mm512_load_ps(end->sums + (p * blocks + b) * 16);
        return;
    }
    TILE_EACH_INDEX for (int b = 0; b < blocks; b++) {
        const __m512 bias = end->bias ? _mm512_loadu_ps(end->bias + b * 16) : _mm512_setzero_ps();
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++) s[p][b] = bias;
    }
}

__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE void tile_end(
    int pixels, int blocks, const ork_tile_end *end, __m512 s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS]) {
    if (!end->output) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                _mm512_store_ps(end->sums + (p * blocks + b) * 16, s[p][b]);
        return;
    }
    if (end->residual) {
        const char *from = end->residual;
        const int type = end->residual_is_half ? ORK_BF16 : ORK_F32;
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, from += end->residual_step)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                s[p][b] = _mm512_add_ps(s[p][b], ork_load16(from + b * end->residual_block, 0, type));
    }
    const __m512 floor = _mm512_set1_ps(end->relu ? 0.0f : -__builtin_inff());
    // In this order what is not a number stays so.
    TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
        TILE_EACH_INDEX for (int b = 0; b < blocks; b++) s[p][b] = _mm512_max_ps(floor, s[p][b]);
    char *to = end->output;
    if (!end->is_half) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                _mm512_storeu_ps((void *)(to + b * end->output_block), s[p][b]);
    } else if (blocks == 2 && end->output_block == 32) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
            _mm512_storeu_si512((void *)to, (__m512i)_mm512_cvtne2ps_pbh(s[p][blocks - 1], s[p][0]));
    } else {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                _mm256_storeu_si256((void *)(to + b * end->output_block), (__m256i)_mm512_cvtneps_pbh(s[p][b]));
    }
}

// Pixels 0...6 from one place, 7...13 from another: three steps and their multiples address them all.
#define TILE_PIXEL(p)                                                                                            \
    ((p) % 7 == 0       ? ((p) < 7 ? x : y)                                                                      \
         : (p) % 7 == 1 ? ((p) < 7 ? x : y) + one                                                                \
         : (p) % 7 == 2 ? ((p) < 7 ? x : y) + one * 2                                                            \
         : (p) % 7 == 3 ? ((p) < 7 ? x : y) + three                                                              \
         : (p) % 7 == 4 ? ((p) < 7 ? x : y) + one * 4                                                            \
         : (p) % 7 == 5 ? ((p) < 7 ? x : y) + five                                                               \
                        : ((p) < 7 ? x : y) + three * 2)

// Four steps at a time: enough to hide the loop, small enough for the instruction cache. The empty assembly keeps the
// compiler from giving each pixel a register of its own, of which there are too few.
#define TILE_KERNEL(P, B)                                                                                        \
    __attribute__((target(ORK_AVX512_BF16))) static void TILE_NAME(P, B)(                                        \
        const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t block_step,     \
        const ork_tile_end *end) {                                                                               \
        __m512 s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS];                                                              \
        tile_begin(P, B, end, s);                                                                                \
        const char *ahead = end->ahead;                                                                          \
        const int64_t ahead_step = end->ahead_step;                                                              \
        for (int64_t i = 0; i < count; i++) {                                                                    \
            const char *x = segments[i].pixels, *w = weights + segments[i].weights;                              \
            int64_t one = segments[i].row_step, three = 3 * one, five = 5 * one;                                 \
            const char *y = x + 7 * one;                                                                         \
            const int64_t next = segments[i].pixel_step - TILE_STEPS * TILE_INPUTS;                               \
            for (int64_t c = 0; c < chunks; c++, x += next, y += next) {                                         \
                int64_t steps = TILE_STEPS;                                                                      \
                if (TILE_SHORTENS && segments[i].last_inputs && c + 1 == chunks)                                 \
                    steps = segments[i].last_inputs * TILE_STEPS / 16;                                           \
                const int64_t rest = (TILE_STEPS - steps) * TILE_INPUTS;                                         \
                for (; steps > 0; steps -= 4) {                                                                  \
                    __asm__("" : "+r"(one), "+r"(three), "+r"(five), "+r"(x), "+r"(y));                          \
                    TILE_EACH_INDEX for (int j = 0; j < 4; j++) {                                                \
                        TILE_VECTOR v[B];                                                                        \
                        TILE_EACH_INDEX for (int b = 0; b < B; b++)                                              \
                            v[b] = TILE_LOAD(w + j * 64 + b * block_step);                                       \
                        TILE_EACH_INDEX for (int p = 0; p < P; p++) {                                            \
                            const TILE_VECTOR a = TILE_SPREAD(TILE_PIXEL(p) + j * TILE_INPUTS);                  \
                            TILE_EACH_INDEX for (int b = 0; b < B; b++)                                          \
                                s[p][b] = TILE_PRODUCT(s[p][b], a, v[b]);                                        \
                        }                                                                                        \
                    }                                                                                            \
                    _mm_prefetch(ahead, _MM_HINT_T1);                                                            \
                    _mm_prefetch(ahead + 64, _MM_HINT_T1);                                                       \
                    ahead += ahead_step, w += 4 * 64, x += 4 * TILE_INPUTS, y += 4 * TILE_INPUTS;                \
                }                                                                                                \
                x += rest, y += rest;                                                                            \
            }                                                                                                    \
        }                                                                                                        \
        tile_end(P, B, end, s);                                                                                  \
    }

#define TILE_EACH(M, B) \
    M(1, B) M(2, B) M(3, B) M(4, B) M(5, B) M(6, B) M(7, B) M(8, B) M(9, B) M(10, B) M(11, B) M(12, B) M(13, B) M(14, B)
TILE_EACH(TILE_KERNEL, 1)
TILE_EACH(TILE_KERNEL, 2)
#define TILE_ENTRY(P, B) TILE_NAME(P, B),
static const ork_tile table[ORK_TILE_BLOCKS][ORK_TILE_PIXELS] = {
    {TILE_EACH(TILE_ENTRY, 1)},
    {TILE_EACH(TILE_ENTRY, 2)},
};
