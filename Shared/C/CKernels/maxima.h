#pragma once
// Maxima over windows of three outputs, two apart, padded by one, in each dimension.
#include <stdint.h>

// So far, from zero on, for what is rectified is not below. at: [item][block][size][16].
typedef struct ork_maxima {
    float *at;
    int size[3];
    int64_t item;  // floats
} ork_maxima;
