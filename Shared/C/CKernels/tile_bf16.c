#include "tile.h"

#if defined(__x86_64__)
#include "vectors.h"

#define TILE_TARGET ORK_AVX512_BF16
#define TILE_NAME(P, B) tile_##P##_##B
// Pairs of inputs: eight products of pairs make a chunk.
#define TILE_CHUNK(P, B)                                                                                    \
    for (int64_t k = 0; k < 8; k += 4, w += 4 * 64)                                                         \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++) {                                    \
            __m512bh v[B];                                                                                  \
            _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                                  \
                v[b] = (__m512bh)_mm512_loadu_si512((const void *)(w + j * 64 + b * block_step));           \
            _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) {                                \
                __m512bh a = (__m512bh)_mm512_set1_epi32(*(const int *)(x + p * 32 + (k + j) * 4));         \
                _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                              \
                    s[p][b] = _mm512_dpbf16_ps(s[p][b], a, v[b]);                                           \
            }                                                                                               \
        }
#include "tile_body.h"

ork_tile ork_tile_bf16(int pixels, int blocks) { return table[blocks - 1][pixels - 1]; }
#else
ork_tile ork_tile_bf16(int pixels, int blocks) { return 0; }
#endif
