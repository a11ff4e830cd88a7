#pragma once
// What the vector kernels share: instruction sets, and loads and stores in either type.
#include <stddef.h>
#include <stdint.h>
#include "convolution.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define ORK_AVX512 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define ORK_AVX512_BF16 ORK_AVX512 ",avx512bf16"
#define ORK_INLINE static inline __attribute__((always_inline))

static inline size_t ork_bytes(int type) { return type == ORK_BF16 ? 2 : 4; }
static inline size_t ork_round64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

#if defined(__x86_64__)
// Sixteen values of either type as float32, and back (round to nearest even).
__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE __m512 ork_load16(const void *from, int64_t element, int type) {
    if (type == ORK_F32) return _mm512_loadu_ps((const float *)from + element);
    __m256i half = _mm256_loadu_si256((const void *)((const uint16_t *)from + element));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE void ork_store16(void *to, int64_t element, int type, __m512 v) {
    if (type == ORK_F32)
        _mm512_storeu_ps((float *)to + element, v);
    else
        _mm256_storeu_si256((void *)((uint16_t *)to + element), (__m256i)_mm512_cvtneps_pbh(v));
}
#endif
