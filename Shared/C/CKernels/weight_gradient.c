#include "form.h"
#include "gradients.h"
#include "processor.h"

bool ork_weight_gradient_supported(const ork_convolution *forward) {
    if (!forward) return false;
    ork_convolution c = *forward;
    const bool planar = c.algorithm == ORK_PLANAR;
    if (c.type != ORK_F32 || c.input_type != ORK_F32 || c.output_type != ORK_F32) return false;
    if (planar && (c.in_channels > 8 || c.input.pixel != 1 || c.dilation[2] != 1)) return false;
    if (planar && c.kernel[2] != 1 && c.kernel[2] != 3 && c.kernel[2] != 5 && c.kernel[2] != 7) return false;
    if (planar) c.in_channels = 16;
    c.algorithm = ORK_DIRECT;
    return ork_convolution_supported(&c);
}

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "queue.h"
#include "vectors.h"

#define EACH _Pragma("clang loop unroll(full)")

enum { MOST_ROWS = 128, AHEAD = 16 };

// Pixels of one output row and the inputs that one tap pairs them with.
typedef struct {
    const float *x, *dy;
    int64_t count;
} span;

// sums[r][b] += x[p * x_step + r] * dy[p * dy_step] over all pixels of the spans; r over `rows` neighbors in memory:
// channels of a block, or taps along a plane's row.
ORK_WIDE void outer_some(
    int rows, int blocks, int all_blocks, const span *spans, int64_t number, int64_t x_step, int64_t dy_step,
    int64_t block_step, int first_row, int first_block, float *sums) {
    float *const own = sums + (first_row * all_blocks + first_block) * 16;
    wide s[8][2];
    EACH for (int r = 0; r < rows; r++) EACH for (int b = 0; b < blocks; b++)
        s[r][b] = wide_load_aligned(own + (r * all_blocks + b) * 16);
    for (int64_t i = 0; i < number; i++) {
        const float *x = spans[i].x + first_row, *dy = spans[i].dy + first_block * block_step;
        for (int64_t p = spans[i].count; p > 0; p--, x += x_step, dy += dy_step) {
            wide v[2];
            // The first to read them fetches the pixels ahead.
            if (first_row == 0)
                EACH for (int b = 0; b < blocks; b++) _mm_prefetch(dy + b * block_step + AHEAD * dy_step, _MM_HINT_T0);
            if (first_row == 0 && first_block == 0) _mm_prefetch(x + AHEAD * x_step, _MM_HINT_T0);
            EACH for (int b = 0; b < blocks; b++) v[b] = wide_load(dy + b * block_step);
            EACH for (int r = 0; r < rows; r++) {
                const wide a = wide_all(x[r]);
                EACH for (int b = 0; b < blocks; b++) s[r][b] = wide_fma(a, v[b], s[r][b]);
            }
        }
    }
    EACH for (int r = 0; r < rows; r++) EACH for (int b = 0; b < blocks; b++)
        wide_store_aligned(own + (r * all_blocks + b) * 16, s[r][b]);
}

// As many rows and blocks at a time as there are registers for.
#ifdef ORK_NARROW
enum { ROWS_AT_ONCE = 6, BLOCKS_AT_ONCE = 1 };
#else
enum { ROWS_AT_ONCE = 8, BLOCKS_AT_ONCE = 2 };
#endif
#define OUTER(ROWS, BLOCKS)                                                                                      \
    ORK_TARGET static void outer_##ROWS##_##BLOCKS(                                                              \
        const span *spans, int64_t number, int64_t x_step, int64_t dy_step, int64_t block_step, float *sums) {   \
        EACH for (int block = 0; block < BLOCKS; block += BLOCKS_AT_ONCE) {                                      \
            const int blocks = BLOCKS - block < BLOCKS_AT_ONCE ? BLOCKS - block : BLOCKS_AT_ONCE;                \
            EACH for (int row = 0; row < ROWS; row += ROWS_AT_ONCE) {                                            \
                const int rows = ROWS - row < ROWS_AT_ONCE ? ROWS - row : ROWS_AT_ONCE;                          \
                outer_some(                                                                                      \
                    rows, blocks, BLOCKS, spans, number, x_step, dy_step, block_step, row, block, sums);         \
            }                                                                                                    \
        }                                                                                                        \
    }
OUTER(16, 1) OUTER(16, 2) OUTER(1, 1) OUTER(1, 2) OUTER(3, 1) OUTER(3, 2) OUTER(5, 1) OUTER(5, 2) OUTER(7, 1) OUTER(7, 2)

typedef void (*outer)(const span *, int64_t, int64_t, int64_t, int64_t, float *);

static outer outer_for(int rows, int blocks) {
    switch (rows * 10 + blocks) {
    case 161: return outer_16_1;
    case 162: return outer_16_2;
    case 11: return outer_1_1;
    case 12: return outer_1_2;
    case 31: return outer_3_1;
    case 32: return outer_3_2;
    case 51: return outer_5_1;
    case 52: return outer_5_2;
    case 71: return outer_7_1;
    default: return outer_7_2;
    }
}

typedef struct {
    const ork_convolution *c;
    const float *input, *dy;
    float *gradient;
    int planar;
    int64_t pairs, parts_of_input, lines;  // lines: rows of sums of a pair and a part (taps, or taps without the width's)
    int64_t pair_groups, part_groups;      // of a unit: what it has read serves all of its pairs and parts
    int64_t slices, own_floats, sum_floats, row_floats;  // own: of the sums of a pair and a part
    float *scratch;
    ork_queue *queues;  // of units, one for each thread
} work;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t edge(int64_t part, int64_t parts, int64_t count) { return part * count / parts; }
static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

static work cut(const ork_convolution *c, int threads) {
    work k = {.c = c, .planar = c->algorithm == ORK_PLANAR};
    const int64_t flat = (int64_t)c->kernel[0] * c->kernel[1];
    k.pairs = (c->out_channels / 16 + 1) / 2;
    k.parts_of_input = k.planar ? c->in_channels : c->in_channels / 16;
    k.lines = k.planar ? flat : flat * c->kernel[2];
    k.own_floats = k.lines * (k.planar ? c->kernel[2] : 16) * 32;
    // A unit's sums stay in the second-level cache.
    const int64_t most = larger(1, (32 << 10) / k.own_floats);
    k.pair_groups = ceiling(k.pairs, smaller(8, most));
    k.part_groups = ceiling(k.parts_of_input, larger(1, smaller(8, most / ceiling(k.pairs, k.pair_groups))));
    // Units enough for the threads; where blocks alone are too few, taps are shared out as well.
    k.part_groups = smaller(k.parts_of_input, larger(k.part_groups, ceiling(6 * threads, k.pair_groups)));
    k.pair_groups = smaller(k.pairs, larger(k.pair_groups, ceiling(4 * threads, k.part_groups)));
    const int64_t units = k.pair_groups * k.part_groups;
    k.slices = smaller(k.lines, units >= 4 * threads ? 1 : ceiling(4 * threads, units));
    k.sum_floats = ceiling(k.pairs, k.pair_groups) * ceiling(k.parts_of_input, k.part_groups) * k.own_floats;
    const int64_t reach = (int64_t)(c->out_size[2] - 1) * c->stride[2] + c->kernel[2];
    k.row_floats = k.planar ? (reach + 15) / 16 * 16 * MOST_ROWS : 0;
    return k;
}

size_t ork_weight_gradient_scratch_bytes(const ork_convolution *forward, int threads) {
    if (!ork_weight_gradient_supported(forward) || threads < 1) return 0;
    const work k = cut(forward, threads);
    return (size_t)(k.sum_floats + k.row_floats) * 4 * (size_t)threads;
}

// The output columns begin..<end whose input for this tap lies inside.
static void columns(const ork_convolution *c, int shift, int64_t *begin, int64_t *end) {
    const int64_t stride = c->stride[2];
    *begin = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    const int64_t last = c->in_size[2] - 1 - shift;
    *end = last < 0 ? 0 : smaller(c->out_size[2], last / stride + 1);
}

// Spans of output rows first..<last for one tap (of planes: for one row of taps, with a padded copy of the input's row).
static int64_t spans_of(
    const work *k, int64_t first, int64_t last, int64_t line, int64_t part, int block, float *rows, span *spans) {
    const ork_convolution *c = k->c;
    const int kernel_w = k->planar ? 1 : c->kernel[2];
    const int kw = (int)(line % kernel_w), kh = (int)(line / kernel_w % c->kernel[1]);
    const int kd = (int)(line / kernel_w / c->kernel[1]);
    const int64_t height = c->out_size[1], depth = c->out_size[0];
    const int64_t reach = (int64_t)(c->out_size[2] - 1) * c->stride[2] + c->kernel[2];
    int64_t begin = 0, end = c->out_size[2], number = 0;
    const int shift = kw * c->dilation[2] - c->padding[2];
    if (!k->planar) columns(c, shift, &begin, &end);
    if (begin >= end) return 0;
    for (int64_t row = first; row < last; row++) {
        const int64_t h = row % height, d = row / height % depth, item = row / height / depth;
        const int64_t y = h * c->stride[1] - c->padding[1] + kh * c->dilation[1];
        const int64_t z = d * c->stride[0] - c->padding[0] + kd * c->dilation[0];
        if (y < 0 || y >= c->in_size[1] || z < 0 || z >= c->in_size[0]) continue;
        const float *from = k->input + item * c->input.item + part * c->input.block
            + (z * c->in_size[1] + y) * c->in_size[2] * c->input.pixel;
        span *s = spans + number++;
        s->dy = k->dy + item * c->output.item + block * c->output.block
            + ((d * height + h) * c->out_size[2] + begin) * c->output.pixel;
        s->count = end - begin;
        if (!k->planar) {
            s->x = from + (begin * c->stride[2] + shift) * c->input.pixel;
            // Rows that follow one another on both sides are one.
            const int64_t x_step = c->input.pixel * c->stride[2];
            if (number > 1 && s[-1].x + s[-1].count * x_step == s->x
                && s[-1].dy + s[-1].count * c->output.pixel == s->dy)
                s[-1].count += s->count, number--;
        } else {
            for (int64_t x = 0; x < reach; x++) {
                const int64_t w = x - c->padding[2];
                rows[x] = w >= 0 && w < c->in_size[2] ? from[w] : 0;
            }
            s->x = rows, rows += (reach + 15) / 16 * 16;
        }
    }
    return number;
}

// Sums lie as the tiles do: [tap][16 inputs][16 outputs], of planes [tap][16 outputs].
static void keep(
    const work *k, int block, int blocks, int64_t piece, int64_t line_begin, int64_t line_end, const float *sums) {
    const int rows = k->planar ? k->c->kernel[2] : 16;
    for (int b = 0; b < blocks; b++) {
        float *to = k->gradient + ((block + b) * k->parts_of_input + piece) * k->lines * rows * 16;
        for (int64_t row = line_begin * rows; row < line_end * rows; row++)
            memcpy(to + row * 16, sums + (row * blocks + b) * 16, 64);
    }
}

static void part(void *data, int index, int parts) {
    const work *k = data;
    const ork_convolution *c = k->c;
    float *sums = k->scratch + index * (k->sum_floats + k->row_floats), *rows = sums + k->sum_floats;
    const int64_t all_rows = (int64_t)c->batch * c->out_size[0] * c->out_size[1];
    // So many rows at a time that they stay in the first-level cache for all taps.
    const int64_t rows_at_once = smaller(MOST_ROWS, larger(1, 128 / c->out_size[2]));
    const int high = k->planar ? c->kernel[2] : 16;
    const int64_t x_step = c->input.pixel * c->stride[2];
    span spans[MOST_ROWS];
    int64_t unit;
    while (ork_take(k->queues, parts, index, 1, 1, &unit)) {
        const int64_t slice = unit % k->slices, group = unit / k->slices;
        const int64_t line_begin = edge(slice, k->slices, k->lines), line_end = edge(slice + 1, k->slices, k->lines);
        const int64_t part_group = group % k->part_groups, pair_group = group / k->part_groups;
        const int64_t first_piece = edge(part_group, k->part_groups, k->parts_of_input);
        const int64_t last_piece = edge(part_group + 1, k->part_groups, k->parts_of_input);
        const int64_t first_pair = edge(pair_group, k->pair_groups, k->pairs);
        const int64_t last_pair = edge(pair_group + 1, k->pair_groups, k->pairs);
        memset(sums, 0, (size_t)k->sum_floats * 4);
        for (int64_t row = 0; row < all_rows; row += rows_at_once) {
            float *own = sums;
            for (int64_t pair = first_pair; pair < last_pair; pair++) {
                const int block = (int)pair * 2, blocks = (int)smaller(2, c->out_channels / 16 - block);
                const outer multiply = outer_for(high, blocks);
                for (int64_t piece = first_piece; piece < last_piece; piece++, own += k->own_floats)
                    for (int64_t line = line_begin; line < line_end; line++) {
                        const int64_t last = smaller(all_rows, row + rows_at_once);
                        const int64_t number = spans_of(k, row, last, line, piece, block, rows, spans);
                        multiply(
                            spans, number, x_step, c->output.pixel, c->output.block, own + line * high * blocks * 16);
                    }
            }
        }
        const float *own = sums;
        for (int64_t pair = first_pair; pair < last_pair; pair++)
            for (int64_t piece = first_piece; piece < last_piece; piece++, own += k->own_floats) {
                const int block = (int)pair * 2, blocks = (int)smaller(2, c->out_channels / 16 - block);
                keep(k, block, blocks, piece, line_begin, line_end, own);
            }
    }
}

int ork_weight_gradient_run(
    const ork_convolution *forward, const float *input, const float *output_gradient, float *gradient, void *scratch,
    int threads) {
    if (!ork_weight_gradient_supported(forward) || threads < 1) return 1;
    if (!input || !output_gradient || !gradient || !scratch) return 1;
    ork_queue queues[threads];
    work k = cut(forward, threads);
    ork_queue_up(queues, threads, k.pair_groups * k.part_groups * k.slices);
    k.queues = queues, k.input = input, k.dy = output_gradient, k.gradient = gradient, k.scratch = scratch;
    ork_parallel(threads, part, &k);
    return 0;
}
#else
size_t ork_weight_gradient_scratch_bytes(const ork_convolution *forward, int threads) { return 0; }
int ork_weight_gradient_run(
    const ork_convolution *forward, const float *input, const float *output_gradient, float *gradient, void *scratch,
    int threads) {
    return 1;
}
#endif
