#include "form.h"
#include "tile.h"

#if defined(__x86_64__) && !defined(ORK_NARROW)
#define TILE_NAME(P, B) tile_##P##_##B
// Pairs of inputs.
#define TILE_STEPS 8
#define TILE_INPUTS 4
#define TILE_WEIGHTS 64
#define TILE_SHORTENS 0
#define TILE_VECTOR __m512bh
#define TILE_LOAD(at) (__m512bh) _mm512_loadu_si512((const void *)(at))
#define TILE_SPREAD(at) (__m512bh) _mm512_set1_epi32(*(const int *)(at))
#define TILE_PRODUCT _mm512_dpbf16_ps
#include "tile_body.h"

ork_tile ork_tile_bf16(int pixels, int blocks) { return table[blocks - 1][pixels - 1]; }
#else
ork_tile ork_tile_bf16(int pixels, int blocks) { return 0; }
#endif
