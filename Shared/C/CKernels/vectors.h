#pragma once
// What the vector kernels share: instruction sets, and loads and stores in either type.
#include <stddef.h>
#include <stdint.h>
#include "convolution.h"
#if defined(__x86_64__)
#include "wide.h"
#endif

static inline size_t ork_bytes(int type) { return type == ORK_F32 ? 4 : 2; }
// What weights of a type are multiplied with.
static inline int ork_value_type(int type) { return type == ORK_BF16 ? ORK_BF16 : ORK_F32; }
static inline size_t ork_round64(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

#if defined(__x86_64__)
// Sixteen values of either type as float32, and back (round to nearest even).
#ifdef ORK_NARROW
ORK_WIDE __m256 ork_widen8(__m128i half) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

// What is not a number stays so.
ORK_WIDE __m128i ork_halve8(__m256 v) {
    const __m256i bits = _mm256_castps_si256(v), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i even = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i words = _mm256_srli_epi32(_mm256_blendv_epi8(even, quiet, is_nan), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

ORK_WIDE wide ork_load16(const void *from, int64_t element, int type) {
    if (type == ORK_F32) return wide_load((const float *)from + element);
    const __m128i *half = (const void *)((const uint16_t *)from + element);
    return (wide){ork_widen8(_mm_loadu_si128(half)), ork_widen8(_mm_loadu_si128(half + 1))};
}

// The same of the numbers that one register takes.
ORK_WIDE slim ork_load_slim(const void *from, int64_t element, int type) {
    if (type == ORK_F32) return slim_load((const float *)from + element);
    return ork_widen8(_mm_loadu_si128((const void *)((const uint16_t *)from + element)));
}

ORK_WIDE void ork_store_slim(void *to, int64_t element, int type, slim v) {
    if (type == ORK_F32)
        slim_store((float *)to + element, v);
    else
        _mm_storeu_si128((void *)((uint16_t *)to + element), ork_halve8(v));
}

ORK_WIDE void ork_store16(void *to, int64_t element, int type, wide v) {
    if (type == ORK_F32) {
        wide_store((float *)to + element, v);
        return;
    }
    __m128i *half = (void *)((uint16_t *)to + element);
    _mm_storeu_si128(half, ork_halve8(v.low)), _mm_storeu_si128(half + 1, ork_halve8(v.high));
}
#else
ORK_WIDE wide ork_load16(const void *from, int64_t element, int type) {
    if (type == ORK_F32) return wide_load((const float *)from + element);
    __m256i half = _mm256_loadu_si256((const void *)((const uint16_t *)from + element));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

ORK_WIDE void ork_store16(void *to, int64_t element, int type, wide v) {
    if (type == ORK_F32)
        wide_store((float *)to + element, v);
    else
        _mm256_storeu_si256((void *)((uint16_t *)to + element), (__m256i)_mm512_cvtneps_pbh(v));
}

ORK_WIDE slim ork_load_slim(const void *from, int64_t element, int type) { return ork_load16(from, element, type); }
ORK_WIDE void ork_store_slim(void *to, int64_t element, int type, slim v) { ork_store16(to, element, type, v); }
#endif
#endif
