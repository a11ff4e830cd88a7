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
