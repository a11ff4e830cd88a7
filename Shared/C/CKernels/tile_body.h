// Instantiates the tile kernels of one type. Defines before inclusion: TILE_TARGET, TILE_NAME(P, B), TILE_CHUNK (one
// chunk of 16 inputs: pixels, weights, block step, sums).
#define TILE_KERNEL(P, B)                                                                                        \
    __attribute__((target(TILE_TARGET))) static void TILE_NAME(P, B)(                                            \
        const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t block_step,     \
        float *sums, int first) {                                                                                \
        __m512 s[P][B];                                                                                          \
        _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++)                                           \
            _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                                       \
                s[p][b] = first ? _mm512_setzero_ps() : _mm512_load_ps(sums + (p * B + b) * 16);                 \
        for (int64_t i = 0; i < count; i++) {                                                                    \
            const char *x = segments[i].pixels, *w = weights + segments[i].weights;                              \
            const int64_t step = segments[i].pixel_step, last_inputs = segments[i].last_inputs;                  \
            (void)last_inputs;                                                                                   \
            for (int64_t c = 0; c < chunks; c++, x += step) {                                                    \
                TILE_CHUNK(P, B)                                                                                 \
            }                                                                                                    \
        }                                                                                                        \
        _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++)                                           \
            _Pragma("clang loop unroll(full)") for (int b = 0; b < B; b++)                                       \
                _mm512_store_ps(sums + (p * B + b) * 16, s[p][b]);                                               \
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
