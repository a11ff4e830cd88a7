#include "form.h"
#include "tile.h"

#if defined(__x86_64__)
#define TILE_NAME(P, B) tile_##P##_##B
#define TILE_INPUTS 4
#ifdef ORK_NARROW
// Weights only, widened on their way.
#define TILE_STEPS 16
#define TILE_WEIGHTS 32
#define TILE_SHORTENS 1
#define TILE_VECTOR wide
#define TILE_LOAD(at) ork_load16((const void *)(at), 0, ORK_BF16)
#define TILE_SPREAD(at) wide_all(*(const float *)(at))
#define TILE_PRODUCT(sum, pixel, weights) wide_fma(pixel, weights, sum)
#else
// Pairs of inputs.
#define TILE_STEPS 8
#define TILE_WEIGHTS 64
#define TILE_SHORTENS 0
#define TILE_VECTOR __m512bh
#define TILE_LOAD(at) (__m512bh) _mm512_loadu_si512((const void *)(at))
#define TILE_SPREAD(at) (__m512bh) _mm512_set1_epi32(*(const int *)(at))
#define TILE_PRODUCT _mm512_dpbf16_ps
#endif
#include "tile_body.h"

ork_tile ork_tile_bf16(int pixels, int blocks) { return table[blocks - 1][pixels - 1]; }
#else
ork_tile ork_tile_bf16(int pixels, int blocks) { return 0; }
#endif
