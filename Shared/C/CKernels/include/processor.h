#pragma once
#include <stdbool.h>

// What this processor and its operating system can do. Detected once.
typedef struct {
    bool avx2;         // AVX2 and FMA
    bool avx512;       // AVX-512 F, BW, DQ, VL
    bool avx512_bf16;  // dot products of bfloat16 pairs
    bool amx_bf16;     // tile products of bfloat16, allowed to this process
} ork_processor;

ork_processor ork_processor_features(void);
