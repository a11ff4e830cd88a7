#pragma once
#include <stdint.h>
#include <string.h>
#include "include/pixels.h"

// 16 channels at a time, in a form that the compiler turns into vector instructions of each processor.
#if defined(__x86_64__)
#define ORK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ORK_CLONES
#endif

typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t int_lanes __attribute__((vector_size(64), aligned(4)));
typedef uint32_t word_lanes __attribute__((vector_size(64), aligned(4)));
typedef uint16_t half_lanes __attribute__((vector_size(32), aligned(2)));

#define ORK_INLINE static inline __attribute__((always_inline))

ORK_INLINE void load(lanes *to, const ork_pixels *v, int64_t index) {
    if (v->is_bf16) {
        half_lanes half = *(const half_lanes *)((const uint16_t *)v->data + index);
        word_lanes words = __builtin_convertvector(half, word_lanes) << 16;
        memcpy(to, &words, sizeof words);
    } else {
        *to = *(const lanes *)((const float *)v->data + index);
    }
}

// Rounds to nearest, ties to even; a NaN stays one.
ORK_INLINE void store(const lanes *from, const ork_pixels *v, int64_t index) {
    if (v->is_bf16) {
        word_lanes words;
        memcpy(&words, from, sizeof words);
        word_lanes is_nan = (word_lanes)((words & 0x7fffffffu) > 0x7f800000u);
        word_lanes rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
        words = (is_nan & ((words >> 16) | 0x40u)) | (~is_nan & rounded);
        *(half_lanes *)((uint16_t *)v->data + index) = __builtin_convertvector(words, half_lanes);
    } else {
        *(lanes *)((float *)v->data + index) = *from;
    }
}

ORK_INLINE void rectify(lanes *x) {
    // Written so that a NaN stays one.
    int_lanes negative = *x < (lanes){0};
    int_lanes bits;
    memcpy(&bits, x, sizeof bits);
    bits &= ~negative;
    memcpy(x, &bits, sizeof bits);
}
