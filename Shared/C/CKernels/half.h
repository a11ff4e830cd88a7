#pragma once
#include <stdint.h>

// The bits of a float32 as bfloat16, rounded to nearest even, without branches; what is not a number stays so.
static inline uint32_t ork_half_bits(uint32_t bits) {
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
    return (bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16 | 0x40) : rounded;
}

static inline uint16_t ork_half(float value) {
    union { float f; uint32_t u; } bits = {value};
    return (uint16_t)ork_half_bits(bits.u);
}

#if defined(__x86_64__)
#include "wide.h"
// float32 to half precision, rounded to nearest even; what is too large for it to its largest. `count` is a multiple of 8.
ORK_TARGET static inline void ork_weights_to_half(const float *from, int64_t count, uint16_t *to) {
    const __m256 most = _mm256_set1_ps(65504), least = _mm256_set1_ps(-65504);
    for (int64_t i = 0; i < count; i += 8) {
        // In this order what is not a number stays so.
        const __m256 bound = _mm256_max_ps(least, _mm256_min_ps(most, _mm256_loadu_ps(from + i)));
        _mm_storeu_si128((void *)(to + i), _mm256_cvtps_ph(bound, _MM_FROUND_TO_NEAREST_INT));
    }
}
#else
static inline void ork_weights_to_half(const float *from, int64_t count, uint16_t *to) {
    for (int64_t i = 0; i < count; i++) {
        const float bound = from[i] > 65504 ? 65504 : from[i] < -65504 ? -65504 : from[i];
        union { _Float16 h; uint16_t u; } half = {(_Float16)bound};
        to[i] = half.u;
    }
}
#endif
