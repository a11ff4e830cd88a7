#include <string.h>

#include "training_parallel.h"
#include "training_vectors.h"

static int64_t blocks(int32_t channels) { return (channels + 15) / 16; }

int64_t ork_weights_count(ork_weights w) {
    return blocks(w.outputs) * (w.planar ? w.inputs : blocks(w.inputs) * 16) * (int64_t)w.taps * 16;
}

static int64_t place(ork_weights w, int64_t o, int64_t i, int64_t tap) {
    if (w.planar) return ((o / 16 * w.inputs + i) * w.taps + tap) * 16 + o % 16;
    return ((o / 16 * blocks(w.inputs) + i / 16) * w.taps + tap) * 256 + i % 16 * 16 + o % 16;
}

void ork_weights_pack(ork_weights w, const float *plain, float *blocked) {
    memset(blocked, 0, (size_t)ork_weights_count(w) * sizeof(float));
    for (int64_t o = 0; o < w.outputs; o++)
        for (int64_t i = 0; i < w.inputs; i++)
            for (int64_t tap = 0; tap < w.taps; tap++) blocked[place(w, o, i, tap)] = *plain++;
}

void ork_weights_unpack(ork_weights w, const float *blocked, float *plain) {
    for (int64_t o = 0; o < w.outputs; o++)
        for (int64_t i = 0; i < w.inputs; i++)
            for (int64_t tap = 0; tap < w.taps; tap++) *plain++ = blocked[place(w, o, i, tap)];
}

#if defined(__x86_64__)
typedef struct {
    ork_weights w;
    const float *blocked;
    void *target;
    ork_tile_order order;
    int64_t output_stride, input_stride, tap_stride;
} job;

// Rounded to bfloat16, in the upper halves.
ORK_TRAINING_INLINE __m512i upper(__m512 value) {
    __m512i bits = _mm512_castps_si512(value), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    return _mm512_and_si512(rounded, _mm512_set1_epi32((int)0xffff0000));
}

ORK_TRAINING_INLINE void transpose(const float *from, __m512 r[16]) {
    const __m512i column = _mm512_mullo_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(16));
    for (int i = 0; i < 16; i++) r[i] = _mm512_i32gather_ps(column, from + i, 4);
}

ORK_TRAINING_INLINE void pairs(const __m512 r[16], uint16_t *to) {
    for (int k = 0; k < 8; k++)
        _mm512_storeu_si512(
            to + k * 32, _mm512_or_si512(upper(r[2 * k + 1]), _mm512_srli_epi32(upper(r[2 * k]), 16)));
}

ORK_TRAINING_TARGET static void convert(const void *data, size_t first, size_t last) {
    const job *j = data;
    const int64_t inputs = blocks(j->w.inputs);
    for (int64_t tile = (int64_t)first; tile < (int64_t)last; tile++) {
        const int64_t o = tile / inputs, i = tile % inputs;
        for (int64_t tap = 0; tap < j->w.taps; tap++) {
            const float *from = j->blocked + (tile * j->w.taps + tap) * 256;
            const int64_t to = o * j->output_stride + i * j->input_stride + tap * j->tap_stride;
            __m512 rows[16];
            if (j->order == ORK_TILE_TRANSPOSED || j->order == ORK_TILE_OUTPUT_PAIRS)
                transpose(from, rows);
            else
                for (int r = 0; r < 16; r++) rows[r] = _mm512_loadu_ps(from + r * 16);
            if (j->order == ORK_TILE_SAME || j->order == ORK_TILE_TRANSPOSED)
                for (int r = 0; r < 16; r++) _mm512_storeu_ps((float *)j->target + to + r * 16, rows[r]);
            else
                pairs(rows, (uint16_t *)j->target + to);
        }
    }
}

void ork_weights_convert(
    ork_weights w, const float *blocked, void *target, ork_tile_order order, int64_t output_stride,
    int64_t input_stride, int64_t tap_stride, int threads) {
    job j = {w, blocked, target, order, output_stride, input_stride, tap_stride};
    ork_training_parallel((size_t)(blocks(w.outputs) * blocks(w.inputs)), 1, threads, convert, &j);
}
#endif
