#include "form.h"
#include "winograd_gradient.h"
#include "processor.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "queue.h"
#include "winograd_gradient_lines.h"

// Tiles of m outputs along each windowed dimension, n = m + r - 1 points. Groups of tiles are transformed, values to
// [point][tile][inputs], gradients to [point][tile][outputs]; then each point's sums [outputs/16][inputs/8][8][16] take up
// their products. Threads share the tiles of a group, then the sums: so these do not depend on their number.

typedef struct {
    ork_filter_gradient c;
    const char *x, *dy;
    float *gradient;
    char *scratch;
    int64_t bytes;                    // of an element
    int r, n, m, dimensions, first;   // windowed dimensions, and the first of them
    int64_t grid[3], step[3], tiles;  // step: outputs from tile to tile
    int64_t points, input_blocks, output_blocks, eights, group;
    int64_t x_plane, dy_plane, sum_floats;  // floats
    int64_t begin, count;             // the group at hand
    ork_queue *queues;                // of its tiles or of the sums, one for each thread
    double cost;
    ork_line_rows rows;
} work;

enum { MOST_LINES = 2 * 512 * 16 };  // floats of one thread, between the dimensions

#ifdef ORK_NARROW
#define CYCLES 2.0  // for 16 numbers
#else
#define CYCLES 1.0
#endif

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The windowed dimensions: the last two, all three, or one of the last two.
static int dimensions_of(const ork_filter_gradient *c, int *first) {
    const int depth = c->kernel[0] > 1, height = c->kernel[1] > 1, width = c->kernel[2] > 1;
    *first = depth ? 0 : height ? 1 : 2;
    if (depth && !(height && width)) return 0;
    return depth + height + width;
}

static bool has_form(const ork_filter_gradient *c) {
    if (!ork_filter_gradient_is_sound(c) || c->planar) return false;
    const ork_processor processor = ork_processor_features();
    if (!ORK_HAS_VECTORS(processor) || (c->type != ORK_F32 && !processor.avx512_bf16)) return false;
    int first;
    const int dimensions = dimensions_of(c, &first), r = c->kernel[first];
    if (dimensions == 0 || r < 3 || r > (dimensions > 1 ? 5 : 7) || r == 6) return false;
    for (int i = 0; i < 3; i++) {
        if (c->stride[i] != 1 || c->dilation[i] != 1) return false;
        if (c->kernel[i] == 1 ? c->padding[i] != 0 : c->kernel[i] != r) return false;
    }
    return true;
}

static work cut_for(const ork_filter_gradient *c, int n, int threads) {
    work k = {.c = *c, .n = n, .bytes = (int64_t)ork_bytes(c->type)};
    k.dimensions = dimensions_of(c, &k.first), k.r = c->kernel[k.first], k.m = n - k.r + 1;
    k.tiles = c->items, k.points = 1;
    for (int i = 0; i < 3; i++) {
        const int windowed = c->kernel[i] > 1;
        k.step[i] = windowed ? k.m : 1;
        k.grid[i] = ceiling(c->out_size[i], k.step[i]);
        k.tiles *= k.grid[i];
        if (windowed) k.points *= n;
    }
    k.input_blocks = ceiling(c->inputs, 16), k.output_blocks = ceiling(c->outputs, 16);
    const int64_t wide = (k.input_blocks + k.output_blocks) * 16, own_tiles = ceiling(k.tiles, threads);
    k.group = (5 << 19) / (k.points * wide * 4) / 4 * 4;
    if (k.group < 16) k.group = 16;
    if (k.group > 96) k.group = 96;
    k.group = smaller(k.group * threads, k.tiles);
    // Not a power of two apart, or all points of a tile would meet in one set of the cache.
    k.x_plane = k.group * k.input_blocks * 16 + 16, k.dy_plane = k.group * k.output_blocks * 16 + 16;
    k.eights = ceiling(c->inputs, 8);
    k.sum_floats = k.points * k.output_blocks * k.eights * 128;
    // Cycles: products of 32 (or 16) a cycle, transforms, and what becomes of the sums. Of float32 they may be more than
    // the caches hold: then each group of tiles brings them from far.
    const double products = (double)k.points * k.eights * k.output_blocks * 4;
    const double transforms = (double)k.points * (k.input_blocks * 5 + k.output_blocks * 4);
    k.cost = (double)own_tiles * (products * 1.15 + transforms) * CYCLES;
    const double own_sums = (double)k.sum_floats / threads, far = own_sums < 1 << 18 ? 0.25 : 2;
    k.cost += c->type == ORK_BF16 ? own_sums / 4 : own_sums * (1.5 + far * (double)ceiling(k.tiles, k.group));
    return k;
}

static work cut(const ork_filter_gradient *c, int threads) {
    int first;
    const int dimensions = dimensions_of(c, &first), r = c->kernel[first];
    work best = {.cost = 1e300};
    for (int n = r < 5 ? 6 : 8; n <= (dimensions > 1 || r < 7 ? 8 : 10); n += 2) {
        const work k = cut_for(c, n, threads);
        if (k.cost < best.cost * 0.97) best = k;
    }
    return best;
}

bool ork_winograd_gradient_preferred(const ork_filter_gradient *c, int threads) {
    if (threads < 1 || !has_form(c)) return false;
    const work k = cut(c, threads);
    // Pairs of bfloat16 are multiplied at twice the speed.
    const bool is_half = c->type == ORK_BF16;
    if (k.sum_floats > (is_half ? 3 << 20 : 8 << 20)) return false;
    if (is_half && (k.tiles < 32 * threads || k.dimensions == 1)) return false;
    double direct = (double)c->items * k.input_blocks * k.output_blocks * (is_half ? 4 : 8) * CYCLES * 1.25 / threads;
    for (int i = 0; i < 3; i++) direct *= (double)c->out_size[i] * c->kernel[i];
    return k.cost < direct;
}

size_t ork_winograd_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) {
    if (threads < 1 || !has_form(c)) return 0;
    const work k = cut(c, threads);
    return (size_t)(k.points * (k.x_plane + k.dy_plane) + k.sum_floats + MOST_LINES * threads) * 4;
}

// size[0] x size[1] x size[2] pixels of 16 channels from `origin` on, zero outside of the value.
static void window(
    const char *block, int64_t pixel, const int32_t in_size[3], const int64_t origin[3], const int size[3], char *to) {
    for (int d = 0; d < size[0]; d++)
        for (int h = 0; h < size[1]; h++)
            for (int w = 0; w < size[2]; w++, to += pixel) {
                const int64_t z = origin[0] + d, y = origin[1] + h, x = origin[2] + w;
                const int inside = z >= 0 && z < in_size[0] && y >= 0 && y < in_size[1] && x >= 0 && x < in_size[2];
                const char *from = block + ((z * in_size[1] + y) * in_size[2] + x) * pixel;
                if (!inside)
                    memset(to, 0, (size_t)pixel);
                else if (pixel == 64)
                    memcpy(to, from, 64);
                else
                    memcpy(to, from, 32);
            }
}

// One tile of one block of 16 channels: `pixels` along each windowed dimension from `origin` on to points, `plane` floats apart.
static void transform(
    const work *k, const char *block, const int32_t in_size[3], const int64_t origin[3], int pixels, float *to,
    int64_t plane, float *lines) {
    char copy[ORK_MOST_POINTS_OF_PLANE * ORK_MOST_POINTS_OF_PLANE * ORK_MOST_POINTS_OF_PLANE * 64];
    const int64_t pixel = 16 * k->bytes;
    int size[3], inside = 1;
    for (int i = 0; i < 3; i++) {
        size[i] = k->c.kernel[i] > 1 ? pixels : 1;
        inside &= origin[i] >= 0 && origin[i] + size[i] <= in_size[i];
    }
    const char *from = block + ((origin[0] * in_size[1] + origin[1]) * in_size[2] + origin[2]) * pixel;
    int64_t row = in_size[2] * 16, slice = in_size[1] * row;
    if (!inside) {
        window(block, pixel, in_size, origin, size, copy);
        from = copy, row = size[2] * 16, slice = size[1] * row;
    } else if (k->dimensions > 1) {
        // What the next tile adds to this one.
        for (int d = 0; d < size[0]; d++)
            for (int h = 0; h < pixels; h++)
                for (int64_t w = pixels * pixel; w < (pixels + k->m) * pixel; w += 64)
                    _mm_prefetch(from + (d * slice + h * row) * k->bytes + w, _MM_HINT_T0);
    }
    const int64_t flat = k->n * k->n;
    switch (k->dimensions) {
    case 1: ork_gradient_line(k->n, pixels, k->c.type, from, k->first == 2 ? 16 : row, to, plane); break;
    case 2: ork_gradient_plane(k->n, pixels, k->c.type, from, row, to, plane); break;
    default:
        for (int d = 0; d < pixels; d++)
            ork_gradient_plane(
                k->n, pixels, k->c.type, from + d * slice * k->bytes, row, lines + d * flat * 16, 16);
        ork_gradient_depth(k->n, pixels, lines, flat, to, plane);
    }
}

static float *x_points(const work *k) { return (float *)k->scratch; }
static float *dy_points(const work *k) { return x_points(k) + k->points * k->x_plane; }
static float *all_sums(const work *k) { return dy_points(k) + k->points * k->dy_plane; }

// Tiles of the group to points.
static void transform_tiles(void *data, int index, int parts) {
    const work *k = data;
    const ork_filter_gradient *c = &k->c;
    float *x = x_points(k), *dy = dy_points(k), *lines = all_sums(k) + k->sum_floats + index * MOST_LINES;
    const int64_t in_positions = (int64_t)c->in_size[0] * c->in_size[1] * c->in_size[2];
    const int64_t out_positions = (int64_t)c->out_size[0] * c->out_size[1] * c->out_size[2];
    const int64_t inputs = k->input_blocks * 16, outputs = k->output_blocks * 16;
    int64_t i;
    while (ork_take(k->queues, parts, index, 1, 1, &i)) {
        int64_t tile = k->begin + i, at[3], origin[3];
        for (int d = 2; d >= 0; d--) {
            at[d] = tile % k->grid[d] * k->step[d], tile /= k->grid[d];
            origin[d] = at[d] - c->padding[d];
        }
        for (int64_t b = 0; b < k->input_blocks; b++)
            transform(
                k, k->x + (tile * c->input_item + b * in_positions * 16) * k->bytes, c->in_size, origin, k->n,
                x + i * inputs + b * 16, k->x_plane, lines);
        for (int64_t b = 0; b < k->output_blocks; b++)
            transform(
                k, k->dy + (tile * c->output_item + b * out_positions * 16) * k->bytes, c->out_size, at, k->m,
                dy + i * outputs + b * 16, k->dy_plane, lines);
    }
}

static int64_t blocks_at_once(const work *k) { return k->output_blocks % 3 == 0 ? 3 : 2; }

// Products of the group's points to the sums; a task is one point's of some blocks of outputs.
static void multiply(void *data, int index, int parts) {
    const work *k = data;
    const int64_t inputs = k->input_blocks * 16, outputs = k->output_blocks * 16, eights = k->eights;
    const int64_t most = blocks_at_once(k), sets = ceiling(k->output_blocks, most);
    int64_t task;
    while (ork_take(k->queues, parts, index, 1, 1, &task)) {
        const int64_t point = task / sets, b = task % sets * most;
        for (int64_t e = 0; e < eights; e++)
            ork_gradient_product((int)smaller(most, k->output_blocks - b))(
                x_points(k) + point * k->x_plane + e * 8, inputs, dy_points(k) + point * k->dy_plane + b * 16, outputs,
                k->count, all_sums(k) + ((point * k->output_blocks + b) * eights + e) * 128, eights * 128,
                k->begin == 0);
    }
}

// Sums from points to taps.
static void finish(void *data, int index, int parts) {
    const work *k = data;
    const int64_t units = k->output_blocks * k->input_blocks * 16, step = k->output_blocks * k->eights * 128;
    const int64_t taps = (int64_t)k->c.kernel[0] * k->c.kernel[1] * k->c.kernel[2];
    for (int64_t unit = units * index / parts; unit < units * (index + 1) / parts; unit++) {
        const int64_t block = unit / (k->input_blocks * 16), input = unit % (k->input_blocks * 16);
        float *to = k->gradient + (block * k->input_blocks + input / 16) * taps * 256 + input % 16 * 16;
        if (input < k->eights * 8)
            ork_gradient_taps(
                k->n, k->r, k->dimensions, k->rows,
                all_sums(k) + (block * k->eights + input / 8) * 128 + input % 8 * 16, step, to, 256);
        else
            for (int64_t tap = 0; tap < taps; tap++) memset(to + tap * 256, 0, 64);
    }
}

int ork_winograd_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    if (threads < 1 || !has_form(c) || !input || !output_gradient || !gradient || !scratch) return 1;
    work k = cut(c, threads);
    k.x = input, k.dy = output_gradient, k.gradient = gradient, k.scratch = scratch;
    ork_gradient_rows(k.n, k.r, k.rows);
    ork_queue queues[threads];
    k.queues = queues;
    const int64_t products = k.points * ceiling(k.output_blocks, blocks_at_once(&k));
    for (; k.begin < k.tiles; k.begin += k.group) {
        k.count = smaller(k.group, k.tiles - k.begin);
        ork_queue_up(queues, threads, k.count);
        ork_parallel(threads, transform_tiles, &k);
        ork_queue_up(queues, threads, products);
        ork_parallel(threads, multiply, &k);
    }
    ork_parallel(threads, finish, &k);
    return 0;
}
#else
bool ork_winograd_gradient_preferred(const ork_filter_gradient *c, int threads) { return false; }
size_t ork_winograd_gradient_scratch_bytes(const ork_filter_gradient *c, int threads) { return 0; }
int ork_winograd_gradient_run(
    const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    return 1;
}
#endif
