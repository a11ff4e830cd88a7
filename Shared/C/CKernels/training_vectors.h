#pragma once
// Sixteen channels at a time, of either type.
#include <stdint.h>

#include "include/training_blocked.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ORK_TRAINING_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define ORK_TRAINING_INLINE ORK_TRAINING_TARGET static inline __attribute__((always_inline))

ORK_TRAINING_INLINE __m512 get(const void *data, int64_t index, int type) {
    if (type == ORK_TRAINING_F32) return _mm512_loadu_ps((const float *)data + index);
    __m256i half = _mm256_loadu_si256((const __m256i *)((const uint16_t *)data + index));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

// To nearest, ties to even; a quiet NaN stays one.
ORK_TRAINING_INLINE void put(void *data, int64_t index, int type, __m512 value) {
    if (type == ORK_TRAINING_F32) {
        _mm512_storeu_ps((float *)data + index, value);
        return;
    }
    __m512i bits = _mm512_castps_si512(value), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    _mm256_storeu_si256(
        (__m256i *)((uint16_t *)data + index), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}

static inline void *at(ork_blocked value, int64_t element, int type) {
    return value.data ? (char *)value.data + element * (type == ORK_TRAINING_F32 ? 4 : 2) : 0;
}

// The first element of an item's block.
static inline void *block_of(ork_blocked value, ork_blocked_shape s, int64_t task) {
    int64_t item = task / s.blocks, block = task % s.blocks;
    return at(value, item * value.item + block * s.positions * 16, s.type);
}
#endif
