// Instantiates the tile kernels of one type. Defines before inclusion: TILE_NAME(P, B), TILE_INPUTS (bytes of one step of
// a pixel's inputs), TILE_WEIGHTS (bytes of one step of 16 outputs' weights), TILE_STEPS (steps of a chunk), TILE_SHORTENS
// (whether a last chunk may have fewer), TILE_VECTOR, TILE_LOAD (weights), TILE_SPREAD (inputs of one pixel),
// TILE_PRODUCT(sum, pixel, weights).
#include "vectors.h"

#define TILE_EACH_INDEX _Pragma("clang loop unroll(full)")

// `blocks` of `all` output blocks, from `first` on.
ORK_WIDE void tile_begin(
    int pixels, int first, int blocks, int all, const ork_tile_end *end, wide s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS]) {
    if (!end->begins) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                s[p][b] = wide_load_aligned(end->sums + (p * all + first + b) * 16);
        return;
    }
    TILE_EACH_INDEX for (int b = 0; b < blocks; b++) {
        const wide bias = end->bias ? wide_load(end->bias + (first + b) * 16) : wide_zero();
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++) s[p][b] = bias;
    }
}

ORK_WIDE void tile_end(
    int pixels, int first, int blocks, int all, const ork_tile_end *end, float *sums,
    wide s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS]) {
    if (!end->output) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                wide_store_aligned(sums + (p * all + first + b) * 16, s[p][b]);
        return;
    }
    if (end->residual) {
        const char *from = end->residual + first * end->residual_block;
        const int type = end->residual_is_half ? ORK_BF16 : ORK_F32;
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, from += end->residual_step)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                s[p][b] = wide_add(s[p][b], ork_load16(from + b * end->residual_block, 0, type));
    }
    const wide floor = wide_all(end->relu ? 0.0f : -__builtin_inff());
    // In this order what is not a number stays so.
    TILE_EACH_INDEX for (int p = 0; p < pixels; p++)
        TILE_EACH_INDEX for (int b = 0; b < blocks; b++) s[p][b] = wide_max(floor, s[p][b]);
    char *to = end->output + first * end->output_block;
    if (!end->is_half) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
            TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
                wide_store((void *)(to + b * end->output_block), s[p][b]);
        return;
    }
#ifndef ORK_NARROW
    if (blocks == 2 && end->output_block == 32) {
        TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
            _mm512_storeu_si512((void *)to, (__m512i)_mm512_cvtne2ps_pbh(s[p][blocks - 1], s[p][0]));
        return;
    }
#endif
    TILE_EACH_INDEX for (int p = 0; p < pixels; p++, to += end->output_step)
        TILE_EACH_INDEX for (int b = 0; b < blocks; b++)
            ork_store16(to + b * end->output_block, 0, ORK_BF16, s[p][b]);
}

// Output blocks whose sums fit into the registers at a time; of few pixels two, for one's sums would wait for each other.
#ifdef ORK_NARROW
#define TILE_TOGETHER(P, B) ((P) > 2 ? 1 : (B))
#else
#define TILE_TOGETHER(P, B) (B)
#endif

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
// compiler from giving each pixel a register of its own, of which there are too few. Chunks that lie apart are fetched
// two ahead, after the last ones those of the pixels behind these: the processor does not foresee them.
#define TILE_KERNEL(P, B)                                                                                            \
    ORK_TARGET static void TILE_NAME(P, B)(                                                                          \
        const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t block_step,         \
        const ork_tile_end *end) {                                                                                   \
        const int64_t ahead_step = end->ahead_step;                                                                  \
        const char *begin = weights, *fetched = end->ahead;                                                          \
        char *sums = (char *)end->sums;                                                                              \
        int64_t more = end->more, moved = 0;                                                                         \
        do {                                                                                                         \
            for (int first = 0; first < B; first += TILE_TOGETHER(P, B)) {                                           \
                const char *ahead = fetched + first * block_step;                                                    \
                wide s[ORK_TILE_PIXELS][ORK_TILE_BLOCKS];                                                            \
                tile_begin(P, first, TILE_TOGETHER(P, B), B, end, s);                                                \
                for (int64_t i = 0; i < count; i++) {                                                                \
                    const char *x = segments[i].pixels + moved, *w = begin + segments[i].weights + first * block_step; \
                    int64_t one = segments[i].row_step, three = 3 * one, five = 5 * one;                             \
                    const char *y = x + 7 * one;                                                                     \
                    const int64_t next = segments[i].pixel_step - TILE_STEPS * TILE_INPUTS;                          \
                    const int lies_apart = count == 1 && segments[i].pixel_step > P * TILE_STEPS * TILE_INPUTS;      \
                    for (int64_t c = 0; c < chunks; c++, x += next, y += next) {                                     \
                        if (lies_apart) {                                                                            \
                            int64_t far = 2 * segments[i].pixel_step;                                                \
                            if (c + 2 >= chunks) far += P * one - chunks * segments[i].pixel_step;                   \
                            TILE_EACH_INDEX for (int p = 0; p < P; p++)                                              \
                                _mm_prefetch(TILE_PIXEL(p) + far, _MM_HINT_T0);                                      \
                        }                                                                                            \
                        int64_t steps = TILE_STEPS;                                                                  \
                        if (TILE_SHORTENS && segments[i].last_inputs && c + 1 == chunks)                             \
                            steps = segments[i].last_inputs * TILE_STEPS / 16;                                       \
                        const int64_t rest = (TILE_STEPS - steps) * TILE_INPUTS;                                     \
                        for (; steps > 0; steps -= 4) {                                                              \
                            __asm__("" : "+r"(one), "+r"(three), "+r"(five), "+r"(x), "+r"(y));                      \
                            TILE_EACH_INDEX for (int j = 0; j < 4; j++) {                                            \
                                TILE_VECTOR v[TILE_TOGETHER(P, B)];                                                  \
                                TILE_EACH_INDEX for (int b = 0; b < TILE_TOGETHER(P, B); b++)                        \
                                    v[b] = TILE_LOAD(w + j * TILE_WEIGHTS + b * block_step);                         \
                                TILE_EACH_INDEX for (int p = 0; p < P; p++) {                                        \
                                    const TILE_VECTOR a = TILE_SPREAD(TILE_PIXEL(p) + j * TILE_INPUTS);              \
                                    TILE_EACH_INDEX for (int b = 0; b < TILE_TOGETHER(P, B); b++)                    \
                                        s[p][b] = TILE_PRODUCT(s[p][b], a, v[b]);                                    \
                                }                                                                                    \
                            }                                                                                        \
                            TILE_EACH_INDEX for (int b = 0; b < TILE_TOGETHER(P, B); b++) {                          \
                                /* A branch here would cost registers: of short steps lines are fetched twice. */    \
                                const char *line = ahead + b * block_step;                                           \
                                _mm_prefetch(line, _MM_HINT_T1);                                                     \
                                _mm_prefetch(line + ahead_step - 64, _MM_HINT_T1);                                   \
                                if (TILE_WEIGHTS > 32) {                                                             \
                                    _mm_prefetch(line + 64, _MM_HINT_T1);                                            \
                                    _mm_prefetch(line + ahead_step - 128, _MM_HINT_T1);                              \
                                }                                                                                    \
                            }                                                                                        \
                            ahead += ahead_step, w += 4 * TILE_WEIGHTS, x += 4 * TILE_INPUTS, y += 4 * TILE_INPUTS;  \
                        }                                                                                            \
                        x += rest, y += rest;                                                                        \
                    }                                                                                                \
                }                                                                                                    \
                tile_end(P, first, TILE_TOGETHER(P, B), B, end, (float *)sums, s);                                   \
            }                                                                                                        \
            moved += end->next_pixels, sums += end->next_sums;                                                       \
            begin += end->next_weights, fetched += end->next_weights;                                                \
        } while (more-- > 0);                                                                                        \
    }

#ifdef ORK_NARROW
#define TILE_EACH(M, B) M(1, B) M(2, B) M(3, B) M(4, B) M(5, B) M(6, B)
#else
#define TILE_EACH(M, B) \
    M(1, B) M(2, B) M(3, B) M(4, B) M(5, B) M(6, B) M(7, B) M(8, B) M(9, B) M(10, B) M(11, B) M(12, B) M(13, B) M(14, B)
#endif
TILE_EACH(TILE_KERNEL, 1)
TILE_EACH(TILE_KERNEL, 2)
#define TILE_ENTRY(P, B) TILE_NAME(P, B),
static const ork_tile table[ORK_TILE_BLOCKS][ORK_TILE_PIXELS] = {
    {TILE_EACH(TILE_ENTRY, 1)},
    {TILE_EACH(TILE_ENTRY, 2)},
};
