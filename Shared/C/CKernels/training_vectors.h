#pragma once
// Sixteen channels at a time, of either type.
#include <stdint.h>

#include "include/training_blocked.h"

#if defined(__x86_64__)
#include "vectors.h"

#define ORK_TRAINING_TARGET ORK_TARGET
#define ORK_TRAINING_INLINE ORK_WIDE

ORK_WIDE wide get(const void *data, int64_t index, int type) {
    return ork_load16(data, index, type == ORK_TRAINING_F32 ? ORK_F32 : ORK_BF16);
}

#ifdef ORK_NARROW
ORK_WIDE void put(void *data, int64_t index, int type, wide value) {
    ork_store16(data, index, type == ORK_TRAINING_F32 ? ORK_F32 : ORK_BF16, value);
}
#else
// Without the instruction for it: training in bfloat16 works on every processor with AVX-512. To nearest, ties to even; a
// quiet NaN stays one.
ORK_WIDE void put(void *data, int64_t index, int type, wide value) {
    if (type == ORK_TRAINING_F32) {
        wide_store((float *)data + index, value);
        return;
    }
    __m512i bits = _mm512_castps_si512(value), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    _mm256_storeu_si256(
        (__m256i *)((uint16_t *)data + index), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}
#endif

static inline void *at(ork_blocked value, int64_t element, int type) {
    return value.data ? (char *)value.data + element * (type == ORK_TRAINING_F32 ? 4 : 2) : 0;
}

// The first element of an item's block.
static inline void *block_of(ork_blocked value, ork_blocked_shape s, int64_t task) {
    int64_t item = task / s.blocks, block = task % s.blocks;
    return at(value, item * value.item + block * s.positions * 16, s.type);
}
#endif
