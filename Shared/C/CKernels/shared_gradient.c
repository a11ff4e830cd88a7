#include "include/shared_gradient.h"
#include "lanes.h"
#include "parallel.h"

bool ork_shared_gradient_supported(const ork_convolution *forward) {
    return forward && forward->algorithm == ORK_DIRECT && ork_convolution_supported(forward);
}

#if defined(__x86_64__)
typedef struct {
    const ork_convolution *c;
    const char *packed;
    ork_pixels gradient, to;
} work;

// Where the output lies that a tap connects with an input position; -1 where there is none.
ORK_INLINE int64_t output_at(const ork_convolution *c, int axis, int64_t input, int64_t tap) {
    const int64_t from = input + c->padding[axis] - tap * c->dilation[axis];
    if (from < 0 || from % c->stride[axis]) return -1;
    return from / c->stride[axis] < c->out_size[axis] ? from / c->stride[axis] : -1;
}

enum { PIXELS = 64, BLOCKS = 32 };

// What one thread works on: some input pixels, and the weights of 16 inputs, one tap and some blocks of outputs, brought
// together because they lie far apart. Sums have the outputs side by side until the end; the last is nobody's.
typedef struct {
    lanes sums[PIXELS + 1][16];
    lanes column[BLOCKS][16];
} corner;

ORK_INLINE void widen(const char *tile, lanes *to, int is_half) {
    if (!is_half) {
        memcpy(to, tile, 1024);
        return;
    }
    for (int pair = 0; pair < 8; pair++) {
        const word_lanes words = *(const word_lanes *)(tile + pair * 64);
        to[2 * pair] = (lanes)(words << 16), to[2 * pair + 1] = (lanes)(words & 0xffff0000u);
    }
}

// sums[i] += weight[i, outputs] * gradient[outputs] for 8 of 16 inputs, at two pixels.
ORK_INLINE void multiply(
    const lanes (*column)[16], int64_t blocks, const float *const gradients[2], lanes *const sums[2], int from) {
    lanes s[8], t[8];
    for (int i = 0; i < 8; i++) s[i] = sums[0][from + i], t[i] = sums[1][from + i];
    for (int64_t block = 0; block < blocks; block++) {
        const lanes g = *(const lanes *)(gradients[0] + block * 16), h = *(const lanes *)(gradients[1] + block * 16);
        for (int i = 0; i < 8; i++) {
            const lanes weight = column[block][from + i];
            s[i] += weight * g, t[i] += weight * h;
        }
    }
    for (int i = 0; i < 8; i++) sums[0][from + i] = s[i], sums[1][from + i] = t[i];
}

// Adds what a tap brings to `count` pixels from `first` on.
ORK_INLINE void add_tap(
    const work *w, corner *k, int64_t chunk, const int64_t tap[3], int64_t first, int64_t count, int is_half) {
    const ork_convolution *c = w->c;
    int pixels[PIXELS], found = 0;
    int64_t sources[PIXELS];
    for (int64_t p = 0; p < count; p++) {
        const int64_t x = (first + p) % c->in_size[2], row = (first + p) / c->in_size[2];
        const int64_t slice = row / c->in_size[1], item = slice / c->in_size[0];
        const int64_t d = output_at(c, 0, slice % c->in_size[0], tap[0]), h = output_at(c, 1, row % c->in_size[1], tap[1]);
        const int64_t o = output_at(c, 2, x, tap[2]);
        if (d < 0 || h < 0 || o < 0) continue;
        sources[found] = ((item * c->out_size[0] + d) * c->out_size[1] + h) * c->out_size[2] + o;
        pixels[found++] = (int)p;
    }
    if (!found) return;
    const int64_t chunks = c->in_channels / 16, blocks = c->out_channels / 16, bytes = is_half ? 512 : 1024;
    const int64_t taps = (int64_t)c->kernel[0] * c->kernel[1] * c->kernel[2];
    const int64_t index = (tap[0] * c->kernel[1] + tap[1]) * c->kernel[2] + tap[2];
    for (int64_t block = 0; block < blocks; block += BLOCKS) {
        const int64_t some = blocks - block < BLOCKS ? blocks - block : BLOCKS;
        for (int64_t b = 0; b < some; b++)
            widen(w->packed + (((block + b) * taps + index) * chunks + chunk) * bytes, k->column[b], is_half);
        const float *values = (const float *)w->gradient.data + block * 16;
        for (int p = 0; p < found; p += 2) {
            const int other = p + 1 < found ? p + 1 : p;
            const float *const gradients[] = {
                values + sources[p] * w->gradient.stride, values + sources[other] * w->gradient.stride};
            lanes *const sums[] = {k->sums[pixels[p]], k->sums[other > p ? pixels[other] : PIXELS]};
            multiply(k->column, some, gradients, sums, 0);
            multiply(k->column, some, gradients, sums, 8);
        }
    }
}

ORK_INLINE void add_chunk(const work *w, corner *k, int64_t chunk, int is_half) {
    const ork_convolution *c = w->c;
    for (int64_t first = 0; first < w->to.pixels; first += PIXELS) {
        const int64_t count = w->to.pixels - first < PIXELS ? w->to.pixels - first : PIXELS;
        memset(k->sums, 0, sizeof k->sums);
        int64_t tap[3];
        for (tap[0] = 0; tap[0] < c->kernel[0]; tap[0]++)
            for (tap[1] = 0; tap[1] < c->kernel[1]; tap[1]++)
                for (tap[2] = 0; tap[2] < c->kernel[2]; tap[2]++) add_tap(w, k, chunk, tap, first, count, is_half);
        for (int64_t p = 0; p < count; p++) {
            float *to = (float *)w->to.data + (first + p) * w->to.stride + chunk * 16;
            for (int i = 0; i < 16; i++) {
                float sum = 0;
                for (int lane = 0; lane < 16; lane++) sum += k->sums[p][i][lane];
                to[i] += sum;
            }
        }
    }
}

ORK_CLONES static void part(void *data, int index, int parts) {
    const work *w = data;
    const int64_t chunks = w->c->in_channels / 16, end = chunks * (index + 1) / parts;
    corner k;
    for (int64_t chunk = chunks * index / parts; chunk < end; chunk++) {
        if (w->c->type == ORK_BF16)
            add_chunk(w, &k, chunk, 1);
        else
            add_chunk(w, &k, chunk, 0);
    }
}

int ork_shared_gradient_run(
    const ork_convolution *forward, const void *packed, ork_pixels gradient, ork_pixels to, int threads) {
    if (!ork_shared_gradient_supported(forward) || !packed || !gradient.data || !to.data || threads < 1) return 1;
    if (gradient.is_bf16 || to.is_bf16) return 1;
    work w = {forward, packed, gradient, to};
    const int chunks = forward->in_channels / 16;
    ork_parallel(threads < chunks ? threads : chunks, part, &w);
    return 0;
}
#else
int ork_shared_gradient_run(
    const ork_convolution *forward, const void *packed, ork_pixels gradient, ork_pixels to, int threads) {
    return 1;
}
#endif
