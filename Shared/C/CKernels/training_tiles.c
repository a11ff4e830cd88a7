#include "form.h"
#include <string.h>

#include "training_parallel.h"
#include "training_vectors.h"

static int64_t blocks(int32_t channels) { return (channels + 15) / 16; }

#if defined(__x86_64__)
typedef struct {
    ork_weights w;
    const float *blocked;
    const ork_weights_copy *copies;
    int count;
} job;

#ifdef ORK_NARROW
// bfloat16 is not trained with here.
ORK_WIDE void input_pairs(const float *from, uint16_t *to) { (void)from, (void)to; }
ORK_WIDE void output_pairs(const float *from, uint16_t *to) { (void)from, (void)to; }
#else
// Rounded to bfloat16, as 32-bit numbers.
ORK_TRAINING_INLINE __m512i rounded(wide value) {
    __m512i bits = _mm512_castps_si512(value), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    return _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
}

// [16 inputs, 16 outputs] to [8, 16 outputs, 2 inputs].
ORK_TRAINING_INLINE void input_pairs(const float *from, uint16_t *to) {
    for (int k = 0; k < 8; k++) {
        __m512i even = rounded(wide_load(from + k * 32)), odd = rounded(wide_load(from + k * 32 + 16));
        _mm512_storeu_si512(to + k * 32, _mm512_or_si512(_mm512_slli_epi32(odd, 16), even));
    }
}

// [16 inputs, 16 outputs] to [8, 16 inputs, 2 outputs]: pairs of outputs lie together already, so this transposes 16 x 8
// pairs, as two 8 x 8 in the halves of each register.
ORK_TRAINING_INLINE void output_pairs(const float *from, uint16_t *to) {
    __m512i z[8], t[8], u[8];
    for (int i = 0; i < 8; i++) {
        __m256i low = _mm512_cvtepi32_epi16(rounded(wide_load(from + i * 16)));
        __m256i high = _mm512_cvtepi32_epi16(rounded(wide_load(from + (i + 8) * 16)));
        z[i] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_epi32(z[i], z[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(z[i], z[i + 1]);
    }
    for (int half = 0; half < 8; half += 4) {
        u[half] = _mm512_unpacklo_epi64(t[half], t[half + 2]);
        u[half + 1] = _mm512_unpackhi_epi64(t[half], t[half + 2]);
        u[half + 2] = _mm512_unpacklo_epi64(t[half + 1], t[half + 3]);
        u[half + 3] = _mm512_unpackhi_epi64(t[half + 1], t[half + 3]);
    }
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i second = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    for (int k = 0; k < 4; k++) {
        _mm512_storeu_si512(to + k * 32, _mm512_permutex2var_epi64(u[k], first, u[k + 4]));
        _mm512_storeu_si512(to + (k + 4) * 32, _mm512_permutex2var_epi64(u[k], second, u[k + 4]));
    }
}
#endif

ORK_WIDE void transposed(const float *from, float *to) {
    for (int i = 0; i < 16; i++) wide_store(to + i * 16, wide_gather(from + i, 16));
}

ORK_TRAINING_TARGET static void convert(const void *data, size_t first, size_t last) {
    const job *j = data;
    const int64_t inputs = blocks(j->w.inputs);
    for (int64_t tile = (int64_t)first; tile < (int64_t)last; tile++)
        for (int64_t tap = 0; tap < j->w.taps; tap++) {
            const float *from = j->blocked + (tile * j->w.taps + tap) * 256;
            for (int c = 0; c < j->count; c++) {
                const ork_weights_copy *copy = j->copies + c;
                const int64_t to = tile / inputs * copy->output_stride + tile % inputs * copy->input_stride +
                                   tap * copy->tap_stride;
                switch (copy->order) {
                case ORK_TILE_SAME: memcpy((float *)copy->target + to, from, 256 * sizeof(float)); break;
                case ORK_TILE_TRANSPOSED: transposed(from, (float *)copy->target + to); break;
                case ORK_TILE_INPUT_PAIRS: input_pairs(from, (uint16_t *)copy->target + to); break;
                case ORK_TILE_OUTPUT_PAIRS: output_pairs(from, (uint16_t *)copy->target + to); break;
                }
            }
        }
}

void ork_weights_convert(ork_weights w, const float *blocked, const ork_weights_copy *copies, int count, int threads) {
    job j = {w, blocked, copies, count};
    ork_training_parallel((size_t)(blocks(w.outputs) * blocks(w.inputs)), 1, threads, convert, &j);
}
#endif
