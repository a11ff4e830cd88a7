#include "form.h"
#include "winograd_gradient.h"
#include "processor.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "winograd_gradient_lines.h"

// Tiles of m outputs along each windowed dimension, n = m + r - 1 points. Groups of tiles are transformed, values to
// [point][tile][inputs], gradients to [point][tile][outputs]; then each point's sums [outputs/16][inputs/8][8][16] take up
// their products. Every thread has tiles and sums of its own.

typedef struct {
    ork_half_gradient c;
    const uint16_t *x, *dy;
    float *gradient;
    char *scratch;
    int r, n, m, deep;                // deep: three dimensions are windowed, else two
    int64_t grid[3], step[3], tiles;  // step: outputs from tile to tile
    int64_t points, input_blocks, output_blocks, eights, group;
    int64_t x_plane, dy_plane, sum_floats;  // floats
    size_t own_bytes;
    double cost;
    float rows[8][8];
} work;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

static bool has_form(const ork_half_gradient *c) {
    if (!ork_half_gradient_supported(c) || c->planar) return false;
    const int r = c->kernel[2];
    if (r < 3 || r > 5 || c->kernel[1] != r || (c->kernel[0] != r && c->kernel[0] != 1)) return false;
    for (int i = 0; i < 3; i++)
        if (c->stride[i] != 1 || c->dilation[i] != 1) return false;
    return c->kernel[0] != 1 || c->padding[0] == 0;
}

static work cut_for(const ork_half_gradient *c, int n, int threads) {
    work k = {.c = *c, .r = c->kernel[2], .n = n, .m = n - c->kernel[2] + 1, .deep = c->kernel[0] > 1};
    k.tiles = c->items, k.points = 1;
    for (int i = 0; i < 3; i++) {
        const int windowed = i > 0 || k.deep;
        k.step[i] = windowed ? k.m : 1;
        k.grid[i] = ceiling(c->out_size[i], k.step[i]);
        k.tiles *= k.grid[i];
        if (windowed) k.points *= n;
    }
    k.input_blocks = ceiling(c->inputs, 16), k.output_blocks = ceiling(c->outputs, 16);
    const int64_t wide = (k.input_blocks + k.output_blocks) * 16;
    k.group = (5 << 19) / (k.points * wide * 4) / 4 * 4;
    if (k.group < 16) k.group = 16;
    if (k.group > 96) k.group = 96;
    k.group = smaller(k.group, ceiling(k.tiles, threads));
    // Not a power of two apart, or all points of a tile would meet in one set of the cache.
    k.x_plane = k.group * k.input_blocks * 16 + 16, k.dy_plane = k.group * k.output_blocks * 16 + 16;
    k.eights = ceiling(c->inputs, 8);
    k.sum_floats = k.points * k.output_blocks * k.eights * 128;
    k.own_bytes = (size_t)(k.points * (k.x_plane + k.dy_plane) + k.sum_floats + 2 * 512 * 16) * 4;
    // Cycles: products of 32 a cycle, transforms, and what becomes of the sums.
    const double products = (double)k.points * k.eights * k.output_blocks * 4;
    const double transforms = (double)k.points * (k.input_blocks * 5 + k.output_blocks * 4);
    k.cost = ((double)k.tiles * (products * 1.15 + transforms)) / threads + (double)k.sum_floats / 16 * 4;
    return k;
}

static work cut(const ork_half_gradient *c, int threads) {
    const work short_tiles = cut_for(c, c->kernel[2] < 5 ? 6 : 8, threads), long_tiles = cut_for(c, 8, threads);
    return long_tiles.cost < short_tiles.cost * 0.97 ? long_tiles : short_tiles;
}

bool ork_winograd_gradient_preferred(const ork_half_gradient *c, int threads) {
    if (threads < 1 || !has_form(c)) return false;
    const work k = cut(c, threads);
    if (k.sum_floats > 3 << 20 || k.tiles < 32 * threads) return false;
    double direct = (double)c->items * k.input_blocks * k.output_blocks * 4 * 1.25 / threads;
    for (int i = 0; i < 3; i++) direct *= (double)c->out_size[i] * c->kernel[i];
    return k.cost < direct;
}

size_t ork_winograd_gradient_scratch_bytes(const ork_half_gradient *c, int threads) {
    return threads < 1 || !has_form(c) ? 0 : cut(c, threads).own_bytes * (size_t)threads;
}

// size[0] x size[1] x size[2] pixels from `origin` on, zero outside of the value.
__attribute__((target(ORK_AVX512))) static void window(
    const uint16_t *block, const int32_t in_size[3], const int64_t origin[3], const int size[3], uint16_t *to) {
    for (int d = 0; d < size[0]; d++)
        for (int h = 0; h < size[1]; h++)
            for (int w = 0; w < size[2]; w++, to += 16) {
                const int64_t z = origin[0] + d, y = origin[1] + h, x = origin[2] + w;
                const int inside = z >= 0 && z < in_size[0] && y >= 0 && y < in_size[1] && x >= 0 && x < in_size[2];
                const uint16_t *from = block + ((z * in_size[1] + y) * in_size[2] + x) * 16;
                _mm256_storeu_si256(
                    (void *)to, inside ? _mm256_loadu_si256((const void *)from) : _mm256_setzero_si256());
            }
}

// One tile of one block of 16 channels: `size` pixels from `origin` on to points, `plane` floats apart.
__attribute__((target(ORK_AVX512))) static void transform(
    const work *k, const uint16_t *block, const int32_t in_size[3], const int64_t origin[3], int pixels, float *to,
    int64_t plane, float *lines) {
    uint16_t copy[8 * 8 * 8 * 16];
    const int size[3] = {k->deep ? pixels : 1, pixels, pixels};
    int inside = 1;
    for (int i = 0; i < 3; i++) inside &= origin[i] >= 0 && origin[i] + size[i] <= in_size[i];
    const uint16_t *from = block + ((origin[0] * in_size[1] + origin[1]) * in_size[2] + origin[2]) * 16;
    int64_t row = in_size[2] * 16, slice = in_size[1] * row;
    if (!inside) {
        window(block, in_size, origin, size, copy);
        from = copy, row = pixels * 16, slice = pixels * row;
    } else {
        // What the next tile adds to this one.
        for (int d = 0; d < size[0]; d++)
            for (int h = 0; h < pixels; h++)
                for (int w = pixels; w < pixels + k->m; w += 2)
                    _mm_prefetch((const char *)(from + d * slice + h * row + w * 16), _MM_HINT_T0);
    }
    if (!k->deep) {
        ork_gradient_plane(k->n, pixels, from, row, to, plane);
        return;
    }
    const int64_t flat = k->n * k->n;
    for (int d = 0; d < pixels; d++) ork_gradient_plane(k->n, pixels, from + d * slice, row, lines + d * flat * 16, 16);
    ork_gradient_depth(k->n, pixels, lines, flat, to, plane);
}

static void part(void *data, int index, int parts) {
    const work *k = data;
    const ork_half_gradient *c = &k->c;
    float *x = (void *)(k->scratch + (size_t)index * k->own_bytes), *dy = x + k->points * k->x_plane;
    float *sums = dy + k->points * k->dy_plane, *lines = sums + k->sum_floats;
    const int64_t in_positions = (int64_t)c->in_size[0] * c->in_size[1] * c->in_size[2];
    const int64_t out_positions = (int64_t)c->out_size[0] * c->out_size[1] * c->out_size[2];
    const int64_t begin = k->tiles * index / parts, end = k->tiles * (index + 1) / parts;
    const int64_t inputs = k->input_blocks * 16, outputs = k->output_blocks * 16, eights = k->eights;
    if (begin == end) memset(sums, 0, (size_t)k->sum_floats * 4);
    for (int64_t first = begin; first < end; first += k->group) {
        const int64_t count = smaller(k->group, end - first);
        for (int64_t i = 0; i < count; i++) {
            int64_t tile = first + i, at[3], origin[3];
            for (int d = 2; d >= 0; d--) {
                at[d] = tile % k->grid[d] * k->step[d], tile /= k->grid[d];
                origin[d] = at[d] - c->padding[d];
            }
            for (int64_t b = 0; b < k->input_blocks; b++)
                transform(
                    k, k->x + tile * c->input_item + b * in_positions * 16, c->in_size, origin, k->n,
                    x + i * inputs + b * 16, k->x_plane, lines);
            for (int64_t b = 0; b < k->output_blocks; b++)
                transform(
                    k, k->dy + tile * c->output_item + b * out_positions * 16, c->out_size, at, k->m,
                    dy + i * outputs + b * 16, k->dy_plane, lines);
        }
        const int most = k->output_blocks % 3 == 0 ? 3 : 2;
        for (int64_t point = 0; point < k->points; point++)
            for (int64_t b = 0; b < k->output_blocks; b += most)
                for (int64_t e = 0; e < eights; e++)
                    ork_gradient_product((int)smaller(most, k->output_blocks - b))(
                        x + point * k->x_plane + e * 8, inputs, dy + point * k->dy_plane + b * 16, outputs, count,
                        sums + ((point * k->output_blocks + b) * eights + e) * 128, eights * 128, first == begin);
    }
}

// Sums of all threads, from points to taps.
static void finish(void *data, int index, int parts) {
    const work *k = data;
    const int64_t units = k->output_blocks * k->input_blocks * 16, step = k->output_blocks * k->eights * 128;
    const int64_t taps = (int64_t)k->c.kernel[0] * k->r * k->r;
    const float *sums = (const float *)k->scratch + k->points * (k->x_plane + k->dy_plane);
    for (int64_t unit = units * index / parts; unit < units * (index + 1) / parts; unit++) {
        const int64_t block = unit / (k->input_blocks * 16), input = unit % (k->input_blocks * 16);
        float *to = k->gradient + (block * k->input_blocks + input / 16) * taps * 256 + input % 16 * 16;
        if (input < k->eights * 8)
            ork_gradient_taps(
                k->n, k->r, k->deep, k->rows, sums + (block * k->eights + input / 8) * 128 + input % 8 * 16, step,
                parts, (int64_t)k->own_bytes / 4, to, 256);
        else
            for (int64_t tap = 0; tap < taps; tap++) memset(to + tap * 256, 0, 64);
    }
}

int ork_winograd_gradient_run(
    const ork_half_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    if (threads < 1 || !has_form(c) || !input || !output_gradient || !gradient || !scratch) return 1;
    work k = cut(c, threads);
    k.x = input, k.dy = output_gradient, k.gradient = gradient, k.scratch = scratch;
    ork_gradient_rows(k.n, k.r, k.rows);
    ork_parallel(threads, part, &k);
    ork_parallel(threads, finish, &k);
    return 0;
}
#else
bool ork_winograd_gradient_preferred(const ork_half_gradient *c, int threads) { return false; }
size_t ork_winograd_gradient_scratch_bytes(const ork_half_gradient *c, int threads) { return 0; }
int ork_winograd_gradient_run(
    const ork_half_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
    int threads) {
    return 1;
}
#endif
