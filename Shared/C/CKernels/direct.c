#include "direct.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "store.h"
#include "tile_amx.h"

typedef struct {
    const ork_convolution *c;
    ork_direct_plan plan;
    const char *packed, *input;
    ork_sink sink;
    char *scratch;
} work;

// The pixels of one tile: where each one's window begins in the input.
typedef struct {
    int64_t first;
    int pixels, in_row;
    int64_t base[ORK_AMX_PIXELS];
    int32_t d[ORK_AMX_PIXELS], h[ORK_AMX_PIXELS], w[ORK_AMX_PIXELS];
} window;

static int64_t edge(int64_t part, int64_t parts, int64_t count) { return part * count / parts; }

static void tile_bounds(const ork_direct_plan *plan, int64_t tile, int64_t *first, int *pixels) {
    const int64_t run = tile / plan->tiles_per_run, place = tile % plan->tiles_per_run;
    const int64_t begin = edge(place, plan->tiles_per_run, plan->run_pixels);
    *first = run * plan->run_pixels + begin;
    *pixels = (int)(edge(place + 1, plan->tiles_per_run, plan->run_pixels) - begin);
}

static void place(const work *k, int64_t tile, window *t) {
    const ork_convolution *c = k->c;
    tile_bounds(&k->plan, tile, &t->first, &t->pixels);
    const int64_t width = c->out_size[2], height = c->out_size[1], depth = c->out_size[0];
    int64_t w = t->first % width, h = t->first / width % height, d = t->first / (width * height) % depth;
    int64_t item = t->first / (width * height * depth);
    t->in_row = w + t->pixels <= width;
    for (int p = 0; p < t->pixels; p++) {
        t->d[p] = (int32_t)(d * c->stride[0] - c->padding[0]);
        t->h[p] = (int32_t)(h * c->stride[1] - c->padding[1]);
        t->w[p] = (int32_t)(w * c->stride[2] - c->padding[2]);
        t->base[p] = item * c->input.item
            + (((int64_t)t->d[p] * c->in_size[1] + t->h[p]) * c->in_size[2] + t->w[p]) * c->input.pixel;
        if (++w < width) continue;
        w = 0;
        if (++h < height) continue;
        h = 0;
        if (++d < depth) continue;
        d = 0, item++;
    }
}

// Copies `chunks` x `pixels` x 16 inputs; a pixel outside of the input is NULL and becomes zero.
__attribute__((target(ORK_AVX512))) static char *copy(
    const char *const *from, int pixels, int64_t chunks, int64_t step, int bytes, char *to) {
    for (int64_t i = 0; i < chunks; i++)
        for (int p = 0; p < pixels; p++) {
            if (bytes == 4) {
                __m512 v = from[p] ? _mm512_loadu_ps((const void *)(from[p] + i * step)) : _mm512_setzero_ps();
                _mm512_store_ps((void *)to, v), to += 64;
            } else {
                __m256i v = from[p] ? _mm256_loadu_si256((const void *)(from[p] + i * step)) : _mm256_setzero_si256();
                _mm256_store_si256((void *)to, v), to += 32;
            }
        }
    return to;
}

// The same in rows of 32 inputs for AMX, [pairs of chunks][16 or 32 pixels][32]; what is missing becomes zero.
__attribute__((target(ORK_AVX512))) static char *copy_rows(
    const char *const *from, int pixels, int64_t chunks, int64_t step, char *to) {
    const int rows = pixels > 16 ? 32 : 16;
    const __m256i zero = _mm256_setzero_si256();
    for (int64_t i = 0; i < chunks; i += 2)
        for (int p = 0; p < rows; p++, to += 64) {
            const char *at = p < pixels && from[p] ? from[p] + i * step : 0;
            _mm256_store_si256((void *)to, at ? _mm256_loadu_si256((const void *)at) : zero);
            const int second = at && i + 1 < chunks;
            _mm256_store_si256((void *)(to + 32), second ? _mm256_loadu_si256((const void *)(at + step)) : zero);
        }
    return to;
}

// The tile's segments for taps begin..<end and chunks from `chunk` on: pointers into the input where the tile's pixels
// lie there side by side, else into the panel, where they are copied to. Returns their number.
static int64_t gather(
    const work *k, const window *t, int64_t begin, int64_t end, int64_t chunk, int64_t chunks, char **panel,
    ork_segment *segments) {
    const ork_convolution *c = k->c;
    const int bytes = (int)ork_bytes(c->type), pixels = t->pixels;
    const int64_t side = 16 * bytes, step = c->input.block * bytes;
    const int tiles = c->algorithm == ORK_TILES;
    // Vectors want the 16 inputs of neighbors side by side, AMX the 32 inputs of a pixel and full tiles.
    const int adjacent = tiles ? c->input.block == 16 && chunks % 2 == 0 && pixels % 16 == 0
                               : c->input.pixel == 16 && c->stride[2] == 1;
    const int64_t apart = tiles ? c->input.pixel * c->stride[2] * bytes : side;
    const char *input = k->input + chunk * step;
    int64_t count = 0;
    for (int64_t tap = begin; tap < end; tap++) {
        const int32_t kw = (int32_t)(tap % c->kernel[2]), kh = (int32_t)(tap / c->kernel[2] % c->kernel[1]);
        const int32_t kd = (int32_t)(tap / c->kernel[2] / c->kernel[1]);
        const int32_t sd = kd * c->dilation[0], sh = kh * c->dilation[1], sw = kw * c->dilation[2];
        const int64_t shift = (((int64_t)sd * c->in_size[1] + sh) * c->in_size[2] + sw) * c->input.pixel;
        const char *from[ORK_AMX_PIXELS];
        ork_segment *segment = segments + count;
        segment->weights = (tap * k->plan.chunks + chunk) * 256 * bytes, segment->last_inputs = 0;
        int valid = 0, beside = adjacent;
        if (t->in_row) {
            if ((uint32_t)(t->d[0] + sd) >= (uint32_t)c->in_size[0]) continue;
            if ((uint32_t)(t->h[0] + sh) >= (uint32_t)c->in_size[1]) continue;
            for (int p = 0; p < pixels; p++) {
                const int inside = (uint32_t)(t->w[p] + sw) < (uint32_t)c->in_size[2];
                from[p] = inside ? input + (t->base[p] + shift) * bytes : 0;
                valid += inside;
            }
            beside &= valid == pixels;
        } else {
            for (int p = 0; p < pixels; p++) {
                const int inside = (uint32_t)(t->d[p] + sd) < (uint32_t)c->in_size[0]
                    && (uint32_t)(t->h[p] + sh) < (uint32_t)c->in_size[1]
                    && (uint32_t)(t->w[p] + sw) < (uint32_t)c->in_size[2];
                from[p] = inside ? input + (t->base[p] + shift) * bytes : 0;
                valid += inside;
                beside &= inside && from[p] - from[0] == p * apart;
            }
        }
        if (valid == 0) continue;
        if (beside) {
            segment->pixels = from[0], segment->pixel_step = tiles ? 2 * step : step, segment->row_step = apart;
        } else if (tiles) {
            segment->pixels = *panel, segment->pixel_step = (pixels > 16 ? 32 : 16) * 64, segment->row_step = 64;
            *panel = copy_rows(from, pixels, chunks, step, *panel);
        } else {
            segment->pixels = *panel, segment->pixel_step = pixels * side;
            *panel = copy(from, pixels, chunks, step, bytes, *panel);
        }
        count++;
    }
    return count;
}

// One group of tiles with one block of the reduction, for output blocks begin..<end.
static void multiply(
    const work *k, const window *tiles, const int64_t *counts, int64_t number, int64_t chunks, ork_segment *segments,
    float *sums, int begin, int end, int first, int last) {
    const ork_direct_plan *plan = &k->plan;
    const int64_t weight_step = plan->taps * plan->chunks * 256 * (int64_t)ork_bytes(k->c->type);
    ork_tile (*const kernel)(int, int) = k->c->type == ORK_BF16 ? ork_tile_bf16 : ork_tile_f32;
    for (int block = begin; block < end; block += ORK_TILE_BLOCKS) {
        const int blocks = end - block < ORK_TILE_BLOCKS ? end - block : ORK_TILE_BLOCKS;
        for (int64_t i = 0; i < number; i++) {
            float *sum = sums;
            if (plan->split) sum += (i * (plan->output_blocks + 1) + block - begin) * plan->tile_pixels * 16;
            const ork_segment *own = segments + i * plan->tap_block;
            const char *weights = k->packed + block * weight_step;
            if (k->c->algorithm == ORK_TILES)
                ork_amx_multiply(
                    k->c->variant == ORK_EMULATED, own, counts[i], chunks, weights, weight_step, sum, first,
                    tiles[i].pixels, blocks);
            else
                kernel(tiles[i].pixels, blocks)(own, counts[i], chunks, weights, weight_step, sum, first);
            if (last) ork_store(&k->sink, sum, tiles[i].first, tiles[i].pixels, block, blocks);
        }
    }
}

static void part(void *data, int index, int parts) {
    (void)parts;
    const work *k = data;
    const ork_direct_plan *plan = &k->plan;
    char *own = k->scratch + (size_t)index * (plan->panel_bytes + plan->segment_bytes + plan->sum_bytes);
    ork_segment *segments = (void *)(own + plan->panel_bytes);
    float *sums = (void *)(own + plan->panel_bytes + plan->segment_bytes);
    const int64_t pairs = (plan->output_blocks + 1) / 2;
    const int pixel_part = index % plan->pixel_parts, output_part = index / plan->pixel_parts;
    const int begin = (int)edge(output_part, plan->output_parts, pairs) * 2;
    int end = (int)edge(output_part + 1, plan->output_parts, pairs) * 2;
    if (end > plan->output_blocks) end = (int)plan->output_blocks;
    const int64_t tile_end = edge(pixel_part + 1, plan->pixel_parts, plan->tiles);
    window tiles[16];
    int64_t counts[16];
    if (k->c->algorithm == ORK_TILES) ork_amx_begin(k->c->variant == ORK_EMULATED);
    for (int64_t tile = edge(pixel_part, plan->pixel_parts, plan->tiles); tile < tile_end; tile += plan->group) {
        const int64_t number = tile_end - tile < plan->group ? tile_end - tile : plan->group;
        for (int64_t i = 0; i < number; i++) place(k, tile + i, &tiles[i]);
        for (int64_t chunk = 0; chunk < plan->chunks; chunk += plan->chunk_block) {
            const int64_t left = plan->chunks - chunk;
            const int64_t chunks = left < plan->chunk_block ? left : plan->chunk_block;
            for (int64_t tap = 0; tap < plan->taps; tap += plan->tap_block) {
                const int64_t tap_end = tap + plan->tap_block < plan->taps ? tap + plan->tap_block : plan->taps;
                char *panel = own;
                for (int64_t i = 0; i < number; i++)
                    counts[i] =
                        gather(k, &tiles[i], tap, tap_end, chunk, chunks, &panel, segments + i * plan->tap_block);
                const int first = chunk == 0 && tap == 0;
                const int last = chunk + chunks == plan->chunks && tap_end == plan->taps;
                multiply(k, tiles, counts, number, chunks, segments, sums, begin, end, first, last);
            }
        }
    }
    if (k->c->algorithm == ORK_TILES) ork_amx_end(k->c->variant == ORK_EMULATED);
}

int ork_direct_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    work k = {c, ork_direct_cut(c, threads), packed, input, {c, bias, residual, output, 1}, scratch};
    ork_parallel(k.plan.pixel_parts * k.plan.output_parts, part, &k);
    return 0;
}
#else
int ork_direct_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    return 1;
}
#endif
