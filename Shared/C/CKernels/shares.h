#pragma once
#include "include/pixels.h"
#include "parallel.h"

// Work on values is shared by channels: each thread takes some blocks of 16 of every pixel.

extern int omp_get_max_threads(void);

static inline ork_pixels ork_share(ork_pixels v, int part, int parts) {
    const int64_t blocks = v.channels / 16, first = blocks * part / parts, end = blocks * (part + 1) / parts;
    v.data = (char *)v.data + first * 16 * (v.is_bf16 ? 2 : 4);
    v.channels = (int32_t)(end - first) * 16;
    return v;
}

// How many threads a value is worth: few numbers are done before a second one has begun.
static inline int ork_shares(ork_pixels v) {
    if ((int64_t)v.channels * v.pixels < 1 << 15) return 1;
    const int threads = omp_get_max_threads(), blocks = v.channels / 16;
    return blocks < 1 ? 1 : threads < blocks ? threads : blocks;
}
