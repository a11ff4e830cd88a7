#include "form.h"
#include "tile.h"

#if defined(__x86_64__)
// Weights of half precision, widened on their way.
#define TILE_NAME(P, B) tile_##P##_##B
#define TILE_STEPS 16
#define TILE_INPUTS 4
#define TILE_WEIGHTS 32
#define TILE_SHORTENS 1
#define TILE_VECTOR wide
#define TILE_LOAD(at) wide_load_half((const void *)(at))
#define TILE_SPREAD(at) wide_all(*(const float *)(at))
#define TILE_PRODUCT(sum, pixel, weights) wide_fma(pixel, weights, sum)
#include "tile_body.h"

ork_tile ork_tile_f16(int pixels, int blocks) { return table[blocks - 1][pixels - 1]; }
#else
ork_tile ork_tile_f16(int pixels, int blocks) { return 0; }
#endif
