#include "tile_amx.h"
#include <string.h>

// Tiles in plain C: 16 rows of 64 bytes.
static _Thread_local union { float f[16][16]; uint16_t h[16][32]; } emulated_tiles[8];

static void emulated_load(int t, const char *from, int64_t step) {
    for (int r = 0; r < 16; r++) memcpy(emulated_tiles[t].f[r], from + r * step, 64);
}

static void emulated_store(int t, char *to, int64_t step) {
    for (int r = 0; r < 16; r++) memcpy(to + r * step, emulated_tiles[t].f[r], 64);
}

static float widened(uint16_t value) {
    union { uint32_t u; float f; } bits = {(uint32_t)value << 16};
    return bits.f;
}

// sum[m][n] += a[m][2 k] * b[k][2 n] + a[m][2 k + 1] * b[k][2 n + 1]
static void emulated_product(int sum, int a, int b) {
    for (int m = 0; m < 16; m++)
        for (int k = 0; k < 16; k++)
            for (int n = 0; n < 16; n++)
                for (int e = 0; e < 2; e++)
                    emulated_tiles[sum].f[m][n] +=
                        widened(emulated_tiles[a].h[m][2 * k + e]) * widened(emulated_tiles[b].h[k][2 * n + e]);
}

#define AMX_NAME multiply_emulated
#define AMX_TARGET
#define AMX_ZERO(t) memset(&emulated_tiles[t], 0, sizeof emulated_tiles[t])
#define AMX_LOAD(t, from, step) emulated_load(t, from, step)
#define AMX_STORE(t, to, step) emulated_store(t, to, step)
#define AMX_PRODUCT(sum, a, b) emulated_product(sum, a, b)
#include "tile_amx_body.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f")))

#define AMX_NAME multiply_tiles
#define AMX_TARGET TARGET
#define AMX_ZERO(t) _tile_zero(t)
#define AMX_LOAD(t, from, step) _tile_loadd(t, from, step)
#define AMX_STORE(t, to, step) _tile_stored(t, to, step)
#define AMX_PRODUCT(sum, a, b) _tile_dpbf16ps(sum, a, b)
#include "tile_amx_body.h"

TARGET static void configure(void) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } form;
    memset(&form, 0, sizeof form);
    form.palette = 1;
    for (int t = 0; t < 8; t++) form.bytes[t] = 64, form.rows[t] = 16;
    _tile_loadconfig(&form);
}

TARGET static void release(void) { _tile_release(); }
#else
static void configure(void) {}
static void release(void) {}
#define multiply_tiles multiply_emulated
#endif

void ork_amx_begin(int emulated) {
    if (!emulated) configure();
}

void ork_amx_end(int emulated) {
    if (!emulated) release();
}

void ork_amx_multiply(
    int emulated, const ork_segment *segments, int64_t count, int64_t chunks, const char *weights,
    int64_t weight_block_step, float *sums, int first, int pixels, int blocks) {
    if (emulated)
        multiply_emulated(segments, count, chunks, weights, weight_block_step, sums, first, pixels, blocks);
    else
        multiply_tiles(segments, count, chunks, weights, weight_block_step, sums, first, pixels, blocks);
}
