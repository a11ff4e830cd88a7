#include "tile.h"

#if defined(__x86_64__)
#include "vectors.h"

#define TILE_TARGET ORK_AVX512
#define TILE_NAME(P, B) tile_##P##_##B
// Four inputs at a time: enough to hide the loop, small enough for the instruction cache.
#define TILE_CHUNK(P, B)                                                                                    \
    for (int64_t k = 0, end = c + 1 < chunks || !last_inputs ? 16 : last_inputs; k < end; k += 4, w += 4 * 64)  \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++) {                                    \
            __m512 v[B];                                                                                    \
            _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                                  \
                v[b] = _mm512_loadu_ps((const float *)(w + j * 64 + b * block_step));                       \
            _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++) {                                \
                __m512 a = _mm512_set1_ps(*(const float *)(x + p * 64 + (k + j) * 4));                      \
                _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                              \
                    s[p][b] = _mm512_fmadd_ps(a, v[b], s[p][b]);                                            \
            }                                                                                               \
        }
#include "tile_body.h"

ork_tile ork_tile_f32(int pixels, int blocks) { return table[blocks - 1][pixels - 1]; }
#else
ork_tile ork_tile_f32(int pixels, int blocks) { return 0; }
#endif
