#pragma once
// Pixels of a plane by the phase that they are of: even and odd depth, row and column.
#include "vectors.h"

#if defined(__x86_64__)
// Sixteen pixels of a row in four registers. inside: which of them there are, NULL for all.
ORK_WIDE __m256 ork_eight_pixels(const float *row, const __m128i *inside, int first, int second) {
    if (!row) return _mm256_setzero_ps();
    const __m128 low = inside ? _mm_maskload_ps(row + first * 4, inside[first]) : _mm_loadu_ps(row + first * 4);
    const __m128 high = inside ? _mm_maskload_ps(row + second * 4, inside[second]) : _mm_loadu_ps(row + second * 4);
    return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}

// Eight positions of the eight phases of a plane, `step` floats from one to the next. rows: of depth and row phases, 16
// pixels each; NULL for zeros.
ORK_WIDE void ork_eight_positions(const float *const rows[4], const __m128i *inside, float *to, int64_t step) {
    __m256 v[8], pairs[8];
    for (int i = 0; i < 4; i++) {
        const __m256 low = ork_eight_pixels(rows[i], inside, 0, 2), high = ork_eight_pixels(rows[i], inside, 1, 3);
        v[2 * i] = _mm256_shuffle_ps(low, high, 0x88), v[2 * i + 1] = _mm256_shuffle_ps(low, high, 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        pairs[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        // Positions i and i + 4: phases 0...3 and 4...7.
        const int half = i / 2, upper = i % 2;
        const __m256 first = upper ? _mm256_shuffle_ps(pairs[half], pairs[2 + half], 0xee)
                                   : _mm256_shuffle_ps(pairs[half], pairs[2 + half], 0x44);
        const __m256 second = upper ? _mm256_shuffle_ps(pairs[4 + half], pairs[6 + half], 0xee)
                                    : _mm256_shuffle_ps(pairs[4 + half], pairs[6 + half], 0x44);
        _mm256_storeu_ps(to + i * step, _mm256_permute2f128_ps(first, second, 0x20));
        _mm256_storeu_ps(to + (i + 4) * step, _mm256_permute2f128_ps(first, second, 0x31));
    }
}
#endif
