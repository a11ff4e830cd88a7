#include "half_gradient.h"
#include "processor.h"

#if defined(__x86_64__)
#include <string.h>
#include "half_gradient_tile.h"
#include "parallel.h"

// The input's rows that a few rows of the output meet lie in a ring of panels, each pair of positions side by side:
// [block][row][class][pair][16 channels][2], or of planes [plane][row][pair][8 taps of the row][2]. Taps whose distance is
// a multiple of two strides read the same class, further on.

enum { MOST_PAIRS = 128, MOST_CLASSES = 8, MOST_TAPS_OF_ROW = 8 };

typedef struct {
    ork_filter_gradient c;
    const uint16_t *x, *dy;
    float *gradient;
    char *scratch;
    int64_t taps, flat;                // flat: taps without the width's
    int64_t input_blocks, output_blocks, pairs;
    int64_t rows, slab_rows, slabs;    // rows of the output, through all items
    int64_t ring, row_bytes, class_bytes;
    int classes[MOST_CLASSES], class_count;
    int by_rows;                       // threads share rows and add up what they find; else they share outputs
    size_t weight_floats, tag_bytes, ring_bytes, dy_bytes, segment_bytes, own_bytes;
} work;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t blocks(int64_t channels) { return (channels + 15) / 16; }

bool ork_half_gradient_supported(const ork_filter_gradient *c) {
    if (!ork_filter_gradient_is_sound(c) || c->type != ORK_BF16) return false;
    if (!ork_processor_features().avx512_bf16) return false;
    if ((int64_t)c->kernel[0] * c->kernel[1] > 64 || (c->out_size[2] + 1) / 2 > 192) return false;
    if (c->planar) return c->inputs <= 8 && c->kernel[2] <= MOST_TAPS_OF_ROW;
    return smaller(c->kernel[2], 2 * c->stride[2]) <= MOST_CLASSES;
}

// The input's row, through all items, that an output's row meets at a tap; -1 where it lies outside.
static int64_t row_at(const work *k, int64_t row, int64_t flat) {
    const ork_filter_gradient *c = &k->c;
    const int64_t h = row % c->out_size[1], d = row / c->out_size[1] % c->out_size[0];
    const int64_t item = row / c->out_size[1] / c->out_size[0];
    const int64_t y = h * c->stride[1] - c->padding[1] + flat % c->kernel[1] * c->dilation[1];
    const int64_t z = d * c->stride[0] - c->padding[0] + flat / c->kernel[1] * c->dilation[0];
    if (y < 0 || y >= c->in_size[1] || z < 0 || z >= c->in_size[0]) return -1;
    return (item * c->in_size[0] + z) * c->in_size[1] + y;
}

static work cut(const ork_filter_gradient *given, int threads) {
    work k = {.c = *given};
    ork_filter_gradient *c = &k.c;
    k.taps = (int64_t)c->kernel[0] * c->kernel[1] * c->kernel[2];
    const int64_t positions = (int64_t)c->in_size[0] * c->in_size[1] * c->in_size[2];
    int plain = !c->planar && positions <= 2 * MOST_PAIRS && k.taps == 1;
    for (int i = 0; i < 3; i++) plain &= c->stride[i] == 1 && c->padding[i] == 0 && c->in_size[i] == c->out_size[i];
    if (plain)
        for (int i = 0; i < 3; i++) c->in_size[i] = c->out_size[i] = i == 2 ? (int32_t)positions : 1;
    k.flat = (int64_t)c->kernel[0] * c->kernel[1];
    k.input_blocks = c->planar ? c->inputs : blocks(c->inputs), k.output_blocks = blocks(c->outputs);
    k.pairs = (c->out_size[2] + 1) / 2;
    const int64_t width = 2 * c->stride[2];
    int64_t reach = 0;
    for (int64_t tap = 0; tap < c->kernel[2] && !c->planar; tap++) {
        const int64_t at = tap * c->dilation[2];
        reach = larger(reach, at / width);
        int known = 0;
        for (int i = 0; i < k.class_count; i++) known |= k.classes[i] == at % width;
        if (!known) k.classes[k.class_count++] = (int)(at % width);
    }
    k.class_bytes = (k.pairs + reach) * (c->planar ? 32 : 64);
    k.row_bytes = k.class_bytes * (c->planar ? 1 : k.class_count);
    k.rows = (int64_t)c->items * c->out_size[0] * c->out_size[1];
    k.slab_rows = smaller(k.rows, larger(1, MOST_PAIRS / k.pairs));
    k.weight_floats = (size_t)(k.output_blocks * (c->planar ? c->inputs : k.input_blocks * 16) * k.taps * 16);
    k.by_rows = k.weight_floats <= 400000;
    if (k.by_rows && threads > 1) k.slab_rows = smaller(k.slab_rows, larger(1, (k.rows + threads - 1) / threads));
    k.slabs = (k.rows + k.slab_rows - 1) / k.slab_rows;
    for (int64_t slab = 0; slab < k.slabs; slab++) {
        int64_t least = INT64_MAX, most = -1;
        const int64_t first = slab * k.slab_rows, last = smaller(k.rows, first + k.slab_rows);
        for (int64_t row = first; row < last; row++)
            for (int64_t flat = 0; flat < k.flat; flat++) {
                const int64_t at = row_at(&k, row, flat);
                if (at >= 0) least = smaller(least, at), most = larger(most, at);
            }
        if (most >= 0) k.ring = larger(k.ring, most - least + 1);
    }
    k.ring = larger(k.ring, 1);
    k.tag_bytes = ork_round64((size_t)k.ring * 8);
    k.ring_bytes = ork_round64((size_t)(k.input_blocks * k.ring * k.row_bytes));
    k.dy_bytes = (size_t)(k.output_blocks * k.slab_rows * k.pairs * 64);
    k.segment_bytes = ork_round64((size_t)(k.flat * k.slab_rows) * sizeof(ork_pairs));
    k.own_bytes = k.tag_bytes + k.ring_bytes + k.dy_bytes + k.segment_bytes;
    return k;
}

size_t ork_half_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) {
    if (!ork_half_gradient_supported(c) || threads < 1) return 0;
    const work k = cut(c, threads);
    return (k.own_bytes + (k.by_rows ? k.weight_floats * 4 : 0)) * (size_t)threads;
}

static void place_blocks(const work *k, int64_t row, char *to) {
    const ork_filter_gradient *c = &k->c;
    const int64_t in_rows = (int64_t)c->in_size[0] * c->in_size[1], width = c->in_size[2], stride = c->stride[2];
    const uint16_t *item = k->x + row / in_rows * c->input_item + row % in_rows * width * 16;
    for (int64_t block = 0; block < k->input_blocks; block++)
        for (int i = 0; i < k->class_count; i++)
            ork_pair_up(
                item + block * in_rows * width * 16, width, k->classes[i] - c->padding[2], stride, k->class_bytes / 64,
                to + block * k->ring * k->row_bytes + i * k->class_bytes);
}

static void place_planes(const work *k, int64_t row, char *to) {
    const ork_filter_gradient *c = &k->c;
    const int64_t in_rows = (int64_t)c->in_size[0] * c->in_size[1], width = c->in_size[2];
    const uint16_t *item = k->x + row / in_rows * c->input_item + row % in_rows * width;
    for (int64_t plane = 0; plane < c->inputs; plane++) {
        const uint16_t *from = item + plane * in_rows * width;
        uint32_t *pairs = (void *)(to + plane * k->ring * k->row_bytes);
        for (int64_t tap = 0; tap < c->kernel[2]; tap++) {
            int64_t w = tap * c->dilation[2] - c->padding[2];
            const int64_t stride = c->stride[2];
            for (int64_t q = 0; q < k->pairs; q++, w += 2 * stride) {
                const uint32_t first = w >= 0 && w < width ? from[w] : 0;
                const uint32_t second = w + stride >= 0 && w + stride < width ? from[w + stride] : 0;
                pairs[q * 8 + tap] = second << 16 | first;
            }
        }
    }
}

static void slab(
    const work *k, int64_t first_row, int64_t last_row, int begin, int end, float *sums, char *own, int first) {
    const ork_filter_gradient *c = &k->c;
    int64_t *tags = (void *)own;
    char *ring = own + k->tag_bytes, *dy = ring + k->ring_bytes;
    ork_pairs *segments = (void *)(dy + k->dy_bytes);
    const int64_t out_rows = (int64_t)c->out_size[0] * c->out_size[1], width = c->out_size[2];
    const int64_t dy_step = k->slab_rows * k->pairs * 64;
    int64_t counts[64];
    for (int64_t block = begin; block < end; block++)
        for (int64_t row = first_row; row < last_row; row++)
            ork_pair_up(
                k->dy + row / out_rows * c->output_item + (block * out_rows + row % out_rows) * width * 16, width, 0, 1,
                k->pairs, dy + block * dy_step + (row - first_row) * k->pairs * 64);
    for (int64_t flat = 0; flat < k->flat; flat++) {
        counts[flat] = 0;
        for (int64_t row = first_row; row < last_row; row++) {
            const int64_t at = row_at(k, row, flat);
            if (at < 0) continue;
            const int64_t slot = at % k->ring;
            if (tags[slot] != at) {
                tags[slot] = at;
                if (c->planar)
                    place_planes(k, at, ring + slot * k->row_bytes);
                else
                    place_blocks(k, at, ring + slot * k->row_bytes);
            }
            segments[flat * k->slab_rows + counts[flat]++] = (ork_pairs){
                ring + slot * k->row_bytes, dy + (row - first_row) * k->pairs * 64, k->pairs};
        }
    }
    const int64_t line = c->planar ? c->kernel[2] : 16;  // rows of sums side by side
    const int64_t sum_step = k->input_blocks * k->taps * (c->planar ? 16 : 256);
    const int most = (end - begin) % 3 == 0 ? 3 : 2;
    for (int block = begin; block < end; block += most) {
        const int count = (int)smaller(most, end - block);
        for (int64_t flat = 0; flat < k->flat; flat++)
            for (int64_t tap = 0; tap < (c->planar ? 1 : c->kernel[2]); tap++) {
                const int64_t at = tap * c->dilation[2], turn = 2 * c->stride[2];
                int64_t offset = 0;
                for (int i = 0; i < k->class_count; i++)
                    if (k->classes[i] == at % turn) offset = i * k->class_bytes + at / turn * 64;
                for (int64_t input = 0; input < k->input_blocks; input++) {
                    float *to = sums + block * sum_step;
                    to += c->planar ? (input * k->taps + flat * c->kernel[2]) * 16
                                    : (input * k->taps + flat * c->kernel[2] + tap) * 256;
                    const int64_t x = input * k->ring * k->row_bytes + offset;
                    for (int64_t r = 0; r < line; r += 8)
                        ork_pair_tile((int)smaller(8, line - r), count)(
                            segments + flat * k->slab_rows, counts[flat], x + r * 4, c->planar ? 32 : 64,
                            dy + block * dy_step - dy, dy_step, to + r * 16, sum_step, first);
                }
            }
    }
}

static void part(void *data, int index, int parts) {
    const work *k = data;
    char *own = k->scratch + (size_t)index * k->own_bytes;
    memset(own, 0xff, k->tag_bytes);
    int64_t begin = 0, end = k->slabs;
    int first_block = 0, last_block = (int)k->output_blocks;
    float *sums = k->gradient;
    if (k->by_rows) {
        begin = k->slabs * index / parts, end = k->slabs * (index + 1) / parts;
        if (index > 0) sums = (float *)(k->scratch + (size_t)parts * k->own_bytes) + (size_t)index * k->weight_floats;
        if (begin == end) memset(sums, 0, k->weight_floats * 4);
    } else {
        first_block = (int)(k->output_blocks * index / parts), last_block = (int)(k->output_blocks * (index + 1) / parts);
    }
    for (int64_t i = begin; i < end && first_block < last_block; i++)
        slab(k, i * k->slab_rows, smaller(k->rows, (i + 1) * k->slab_rows), first_block, last_block, sums, own, i == begin);
}

static void join(void *data, int index, int parts) {
    const work *k = data;
    const size_t begin = k->weight_floats / 16 * (size_t)index / (size_t)parts * 16;
    const size_t end = k->weight_floats / 16 * (size_t)(index + 1) / (size_t)parts * 16;
    for (int other = 1; other < parts; other++) {
        const float *from = (float *)(k->scratch + (size_t)parts * k->own_bytes) + (size_t)other * k->weight_floats;
        for (size_t i = begin; i < end; i++) k->gradient[i] += from[i];
    }
}

int ork_half_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    if (!ork_half_gradient_supported(c) || threads < 1 || !input || !output_gradient || !gradient || !scratch) return 1;
    work k = cut(c, threads);
    k.x = input, k.dy = output_gradient, k.gradient = gradient, k.scratch = scratch;
    ork_parallel(threads, part, &k);
    if (k.by_rows && threads > 1) ork_parallel(threads, join, &k);
    return 0;
}
#else
bool ork_half_gradient_supported(const ork_filter_gradient *c) { return false; }
size_t ork_half_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) { return 0; }
int ork_half_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    return 1;
}
#endif
