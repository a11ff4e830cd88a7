// The kernel over eight tiles, once for each implementation of them. Defines before inclusion: AMX_NAME, AMX_TARGET,
// AMX_ZERO(t), AMX_LOAD(t, from, step), AMX_STORE(t, to, step), AMX_PRODUCT(sum, pixels, weights); t are constants.
// Tiles 0...3 are sums [pixels][outputs], 4 and 5 pixels, 6 and 7 weights.
AMX_TARGET static void AMX_NAME(
    const ork_segment *segments, int64_t count, int64_t chunks, const char *weights, int64_t block_step, float *sums,
    int first, int pixels, int blocks) {
    const int lower = pixels > 16, right = blocks > 1;
    const int64_t row = blocks * 64;
    char *const s = (char *)sums, *const below = s + 16 * row;
    if (first) {
        AMX_ZERO(0);
        AMX_ZERO(1);
        AMX_ZERO(2);
        AMX_ZERO(3);
    } else {
        AMX_LOAD(0, s, row);
        if (right) AMX_LOAD(1, s + 64, row);
        if (lower) AMX_LOAD(2, below, row);
        if (lower && right) AMX_LOAD(3, below + 64, row);
    }
    for (int64_t i = 0; i < count; i++) {
        const ork_segment *segment = segments + i;
        const char *x = segment->pixels, *w = weights + segment->weights;
        for (int64_t c = 0; c < chunks; c += 2, x += segment->pixel_step, w += 1024) {
            AMX_LOAD(4, x, segment->row_step);
            AMX_LOAD(6, w, 64);
            AMX_PRODUCT(0, 4, 6);
            if (right) {
                AMX_LOAD(7, w + block_step, 64);
                AMX_PRODUCT(1, 4, 7);
            }
            if (lower) {
                AMX_LOAD(5, x + 16 * segment->row_step, segment->row_step);
                AMX_PRODUCT(2, 5, 6);
                if (right) AMX_PRODUCT(3, 5, 7);
            }
        }
    }
    AMX_STORE(0, s, row);
    if (right) AMX_STORE(1, s + 64, row);
    if (lower) AMX_STORE(2, below, row);
    if (lower && right) AMX_STORE(3, below + 64, row);
}
#undef AMX_NAME
#undef AMX_TARGET
#undef AMX_ZERO
#undef AMX_LOAD
#undef AMX_STORE
#undef AMX_PRODUCT
