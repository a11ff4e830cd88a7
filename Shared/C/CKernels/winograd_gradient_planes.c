#include "form.h"
#include "winograd_gradient.h"
#include "processor.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "vectors.h"

// A first convolution of stride 2 over planes: every second position of each plane becomes a channel of its own, eight for
// each plane of a volume, and the stride is gone. Channels: [plane][depth's half][height's half][width's half].

typedef struct {
    const ork_filter_gradient *c;
    ork_filter_gradient inner;
    const char *planes;
    char *blocks;
    int64_t bytes;  // of an element
    const float *from;
    float *to;
} work;

static size_t rounded(size_t bytes) { return (bytes + 4095) & ~(size_t)4095; }

static bool has_form(const ork_filter_gradient *c) {
    if (!ork_filter_gradient_is_sound(c) || !c->planar) return false;
    for (int i = 0; i < 3; i++)
        if (c->stride[i] != 2 || c->dilation[i] != 1 || c->kernel[i] != c->kernel[2]) return false;
    return c->kernel[2] >= 5;
}

static ork_filter_gradient inner_of(const ork_filter_gradient *c) {
    ork_filter_gradient b = *c;
    b.planar = false, b.inputs = c->inputs * 8;
    int64_t positions = 1, outputs = 1;
    for (int i = 0; i < 3; i++) {
        // Tap t of the kernel is 2 (tap - padding) + half + (padding before).
        b.stride[i] = 1, b.in_size[i] = (c->in_size[i] + 1) / 2, b.padding[i] = (c->padding[i] + 1) / 2;
        const int behind = c->kernel[i] - 1 - c->padding[i];
        b.kernel[i] = b.padding[i] + (behind < 0 ? 0 : behind / 2 + 1);
        positions *= b.in_size[i], outputs *= b.out_size[i];
    }
    b.input_item = positions * ((b.inputs + 15) / 16 * 16);
    return b;
}

static size_t block_bytes(const ork_filter_gradient *inner) {
    return rounded((size_t)inner->items * (size_t)inner->input_item * ork_bytes(inner->type));
}

static size_t gradient_bytes(const ork_filter_gradient *inner) {
    const size_t taps = (size_t)inner->kernel[0] * (size_t)inner->kernel[1] * (size_t)inner->kernel[2];
    return rounded((size_t)((inner->inputs + 15) / 16) * (size_t)((inner->outputs + 15) / 16) * taps * 1024);
}

bool ork_winograd_planes_gradient_preferred(const ork_filter_gradient *c, int threads) {
    if (threads < 1 || !has_form(c)) return false;
    const ork_filter_gradient inner = inner_of(c);
    return ork_winograd_gradient_preferred(&inner, threads);
}

size_t ork_winograd_planes_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) {
    if (threads < 1 || !has_form(c)) return 0;
    const ork_filter_gradient inner = inner_of(c);
    return block_bytes(&inner) + gradient_bytes(&inner) + ork_winograd_gradient_scratch_bytes(&inner, threads);
}

// Two positions side by side become two channels side by side.
static inline void place_row(const char *from, int64_t width, int64_t pairs, bool inside, size_t bytes, char *to) {
    for (int64_t x = 0; x < pairs; x++) {
        char pair[8] = {0};
        if (inside) memcpy(pair, from + 2 * x * (int64_t)bytes, 2 * x + 1 < width ? 2 * bytes : bytes);
        memcpy(to + x * 16 * (int64_t)bytes, pair, 2 * bytes);
    }
}

// Rows of planes to rows of blocks.
static void place(void *data, int index, int parts) {
    const work *k = data;
    const ork_filter_gradient *c = k->c, *b = &k->inner;
    const int64_t width = c->in_size[2], pairs = b->in_size[2], rows = (int64_t)b->in_size[0] * b->in_size[1];
    const int64_t all = rows * b->items, blocks = (b->inputs + 15) / 16;
    for (int64_t i = all * index / parts; i < all * (index + 1) / parts; i++) {
        const int64_t item = i / rows, z = i % rows / b->in_size[1] * 2, y = i % b->in_size[1] * 2;
        for (int64_t block = 0; block < blocks; block++) {
            char *to = k->blocks + (item * b->input_item + (block * rows + i % rows) * pairs * 16) * k->bytes;
            for (int64_t word = 0; word < 8; word++, to += 2 * k->bytes) {
                const int64_t at = block * 8 + word, d = z + at / 2 % 2, h = y + at % 2;
                const bool inside = at / 4 < c->inputs && d < c->in_size[0] && h < c->in_size[1];
                const char *from = k->planes + (item * c->input_item
                    + ((at / 4 * c->in_size[0] + d) * c->in_size[1] + h) * width) * k->bytes;
                if (k->bytes == 4)
                    place_row(from, width, pairs, inside, 4, to);
                else
                    place_row(from, width, pairs, inside, 2, to);
            }
        }
    }
}

// Taps of the halves to those of the kernel.
static void arrange(void *data, int index, int parts) {
    const work *k = data;
    const ork_filter_gradient *c = k->c, *b = &k->inner;
    const int r = c->kernel[2], p[3] = {c->padding[0], c->padding[1], c->padding[2]};
    const int64_t blocks = (b->inputs + 15) / 16, inner_taps = (int64_t)b->kernel[0] * b->kernel[1] * b->kernel[2];
    const int64_t all = (int64_t)((c->outputs + 15) / 16) * c->inputs;
    for (int64_t i = all * index / parts; i < all * (index + 1) / parts; i++)
        for (int64_t tap = 0; tap < (int64_t)r * r * r; tap++) {
            const int t[3] = {(int)(tap / r / r), (int)(tap / r % r), (int)(tap % r)};
            int64_t inner = 0, channel = i % c->inputs;
            for (int d = 0; d < 3; d++) {
                const int at = t[d] - p[d] + 2 * b->padding[d];
                inner = inner * b->kernel[d] + at / 2, channel = channel * 2 + at % 2;
            }
            const float *from = k->from + (i / c->inputs * blocks + channel / 16) * inner_taps * 256;
            memcpy(k->to + (i * r * r * r + tap) * 16, from + inner * 256 + channel % 16 * 16, 64);
        }
}

int ork_winograd_planes_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    if (threads < 1 || !has_form(c) || !input || !output_gradient || !gradient || !scratch) return 1;
    work k = {.c = c, .inner = inner_of(c), .planes = input, .blocks = scratch, .to = gradient};
    k.bytes = (int64_t)ork_bytes(c->type);
    float *between = (void *)((char *)scratch + block_bytes(&k.inner));
    char *rest = (char *)between + gradient_bytes(&k.inner);
    k.from = between;
    ork_parallel(threads, place, &k);
    const int status =
        ork_winograd_gradient_run(&k.inner, k.blocks, output_gradient, between, rest, threads);
    if (status == 0) ork_parallel(threads, arrange, &k);
    return status;
}
#else
bool ork_winograd_planes_gradient_preferred(const ork_filter_gradient *c, int threads) { return false; }
size_t ork_winograd_planes_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) { return 0; }
int ork_winograd_planes_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    return 1;
}
#endif
