#include "form.h"
#include "direct.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "queue.h"
#include "store.h"
#include "tile_amx.h"

typedef struct {
    const ork_convolution *c;
    ork_direct_plan plan;
    const char *input, *residual;
    const ork_output_part *parts;
    int count;
    char *scratch;
    ork_queue *queues;  // of tiles, one for each thread
} work;

// The pixels of one tile: where each one's window begins in the input.
typedef struct {
    int64_t first, item, pixel;  // the first one: through all items, its item, and in that
    int pixels, in_row, in_item;
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
    t->item = item, t->pixel = t->first % (width * height * depth);
    t->in_item = t->pixel + t->pixels <= width * height * depth;
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
ORK_TARGET static char *copy(
    const char *const *from, int pixels, int64_t chunks, int64_t step, int bytes, char *to) {
    for (int64_t i = 0; i < chunks; i++)
        for (int p = 0; p < pixels; p++) {
            if (bytes == 4) {
                wide v = from[p] ? wide_load((const void *)(from[p] + i * step)) : wide_zero();
                wide_store_aligned((void *)to, v), to += 64;
            } else {
                __m256i v = from[p] ? _mm256_loadu_si256((const void *)(from[p] + i * step)) : _mm256_setzero_si256();
                _mm256_store_si256((void *)to, v), to += 32;
            }
        }
    return to;
}

// The same in rows of 32 inputs for AMX, [pairs of chunks][16 or 32 pixels][32]; what is missing becomes zero.
ORK_TARGET static char *copy_rows(
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
    const int bytes = (int)ork_bytes(ork_value_type(c->type)), pixels = t->pixels;
    const int64_t side = 16 * bytes, step = c->input.block * bytes;
    const int tiles = c->algorithm == ORK_TILES;
    // Vectors want pixels in one line, AMX the 32 inputs of a pixel and full tiles. Pixels whole pages apart would share
    // their place in the first-level cache.
    const int64_t apart = c->input.pixel * c->stride[2] * bytes;
    const int adjacent = tiles ? c->input.block == 16 && chunks % 2 == 0 && pixels % 16 == 0 : apart % 2048 != 0;
    const char *input = k->input + chunk * step;
    int64_t count = 0;
    for (int64_t tap = begin; tap < end; tap++) {
        const int32_t kw = (int32_t)(tap % c->kernel[2]), kh = (int32_t)(tap / c->kernel[2] % c->kernel[1]);
        const int32_t kd = (int32_t)(tap / c->kernel[2] / c->kernel[1]);
        const int32_t sd = kd * c->dilation[0], sh = kh * c->dilation[1], sw = kw * c->dilation[2];
        const int64_t shift = (((int64_t)sd * c->in_size[1] + sh) * c->in_size[2] + sw) * c->input.pixel;
        const char *from[ORK_AMX_PIXELS];
        ork_segment *segment = segments + count;
        segment->weights = (tap * k->plan.chunks + chunk) * 256 * (int64_t)ork_bytes(c->type);
        segment->last_inputs = 0;
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
            segment->pixels = *panel, segment->pixel_step = pixels * side, segment->row_step = side;
            *panel = copy(from, pixels, chunks, step, bytes, *panel);
        }
        count++;
    }
    return count;
}

// Where a tile begins in the output or in the residual.
static int64_t start(const window *t, const ork_strides *strides, int bytes) {
    return (t->item * strides->item + t->pixel * strides->pixel) * bytes;
}

// The end of a tile that is finished: nonzero where its pixels can be stored in one line.
static int finish(const work *k, const window *t, const ork_output_part *part, int block, ork_tile_end *end) {
    const ork_convolution *c = k->c;
    const int bytes = (int)ork_bytes(c->output_type), sum_bytes = (int)ork_bytes(c->residual_type);
    const int64_t item_pixels = (int64_t)c->out_size[0] * c->out_size[1] * c->out_size[2];
    const int in_line = part->output_strides.item == item_pixels * part->output_strides.pixel
        && (!k->residual || c->residual.item == item_pixels * c->residual.pixel);
    if (!in_line && !t->in_item) return 0;
    end->output_step = part->output_strides.pixel * bytes, end->output_block = part->output_strides.block * bytes;
    end->output = (char *)part->output + start(t, &part->output_strides, bytes) + block * end->output_block;
    end->is_half = c->output_type == ORK_BF16, end->relu = part->relu;
    if (!k->residual) return 1;
    end->residual_step = c->residual.pixel * sum_bytes, end->residual_block = c->residual.block * sum_bytes;
    end->residual = k->residual + start(t, &c->residual, sum_bytes) + block * end->residual_block;
    end->residual_is_half = c->residual_type == ORK_BF16;
    return 1;
}

// Weights of the reduction's block that a pair of output blocks needs next: each tile fetches a part of what it reads, a
// quarter where there are as many tiles, so that memory is never idle.
static void look_ahead(
    const char *weights, int64_t bytes, int64_t read, int64_t at_once, int64_t tile, int64_t tiles, ork_tile_end *end) {
    const int64_t shares = tiles < 4 ? 2 : 4, begin = tile * read / shares;
    end->ahead = begin < bytes ? weights + begin : weights, end->ahead_step = begin < bytes ? at_once / shares : 0;
}

// One group of tiles with one block of the reduction, for pairs of output blocks begin..<end. following: where in an output
// block's weights those of the next block of the reduction begin, bytes.
static void multiply(
    const work *k, const window *tiles, const int64_t *counts, int64_t number, int64_t chunks, int64_t taps,
    int64_t following, ork_segment *segments, float *sums, int begin, int end, int first, int last) {
    const ork_direct_plan *plan = &k->plan;
    const ork_convolution *c = k->c;
    const int64_t weight_step = plan->taps * plan->chunks * 256 * (int64_t)ork_bytes(c->type);
    const int64_t chunk_bytes = chunks * 256 * (int64_t)ork_bytes(c->type), weight_bytes = taps * chunk_bytes;
    const int amx = c->algorithm == ORK_TILES, emulated = c->variant == ORK_EMULATED;
    const ork_tiles kernel = ork_tiles_of(c->type);
    const char *begun = 0;
    int pair = 0;
    for (const ork_output_part *part = k->parts; part < k->parts + k->count; part++) {
        const int part_blocks = part->out_channels / 16;
        ork_convolution own = *c;
        own.output = part->output_strides, own.relu = part->relu;
        const ork_sink sink = {&own, part->bias, k->residual, part->output, 1};
        for (int block = 0; block < part_blocks; block += ORK_TILE_BLOCKS, pair++) {
            if (pair < begin || pair >= end) continue;
            const int blocks = part_blocks - block < ORK_TILE_BLOCKS ? part_blocks - block : ORK_TILE_BLOCKS;
            const char *weights = (const char *)part->packed + block * weight_step;
            if (pair == begin) begun = weights;
            const char *next = weights + ORK_TILE_BLOCKS * weight_step;
            if (block + ORK_TILE_BLOCKS >= part_blocks && pair + 1 < end) next = part[1].packed;
            for (int64_t i = 0; i < number; i++) {
                const window *t = tiles + i;
                const ork_segment *own_segments = segments + i * plan->tap_block;
                float *sum = sums;
                if (plan->split) sum += (i * (plan->pairs * 2 + 1) + (pair - begin) * 2) * plan->tile_pixels * 16;
                if (amx) {
                    ork_amx_multiply(
                        emulated, own_segments, counts[i], chunks, weights, weight_step, sum, first, t->pixels, blocks);
                    if (last) ork_store(&sink, sum, t->first, t->pixels, block, blocks);
                    continue;
                }
                ork_tile_end tile_end = {.sums = sum, .begins = first};
                const int is_line = finish(k, t, part, block, &tile_end);
                if (is_line && part->bias) tile_end.bias = part->bias + block * 16;
                if (!last) tile_end.output = 0;
                const int64_t offset = plan->split && counts[i] ? own_segments->weights : 0;
                const char *ahead = pair + 1 < end ? next + offset : begun + following;
                look_ahead(
                    ahead, weight_bytes, counts[i] * chunk_bytes, ork_tile_weight_bytes(c->type), i, number, &tile_end);
                kernel(t->pixels, blocks)(own_segments, counts[i], chunks, weights, weight_step, &tile_end);
                if (last && !is_line) ork_store(&sink, sum, t->first, t->pixels, block, blocks);
            }
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
    const int pixel_part = index % plan->pixel_parts, output_part = index / plan->pixel_parts;
    const int begin = (int)edge(output_part, plan->output_parts, plan->pairs);
    const int end = (int)edge(output_part + 1, plan->output_parts, plan->pairs);
    ork_queue *const queues = k->queues + output_part * plan->pixel_parts;
    window tiles[16];
    int64_t counts[16], tile, number;
    if (k->c->algorithm == ORK_TILES) ork_amx_begin(k->c->variant == ORK_EMULATED);
    while ((number = ork_take(queues, plan->pixel_parts, pixel_part, 4, plan->group, &tile))) {
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
                const int64_t after = tap_end < plan->taps ? tap_end * plan->chunks + chunk : last ? 0 : chunk + chunks;
                multiply(
                    k, tiles, counts, number, chunks, tap_end - tap, after * 256 * (int64_t)ork_bytes(k->c->type),
                    segments, sums, begin, end, first, last);
            }
        }
    }
    if (k->c->algorithm == ORK_TILES) ork_amx_end(k->c->variant == ORK_EMULATED);
}

int ork_direct_run_parts(
    const ork_convolution *c, const void *input, const void *residual, const ork_output_part *parts, int count,
    void *scratch, int threads) {
    ork_queue queues[threads];
    work k = {c, ork_direct_cut(c, threads), input, residual, parts, count, scratch, queues};
    k.plan.pairs = 0;
    for (int i = 0; i < count; i++) k.plan.pairs += (parts[i].out_channels / 16 + 1) / ORK_TILE_BLOCKS;
    for (int i = 0; i < k.plan.output_parts; i++)
        ork_queue_up(queues + i * k.plan.pixel_parts, k.plan.pixel_parts, k.plan.tiles);
    ork_parallel(k.plan.pixel_parts * k.plan.output_parts, part, &k);
    return 0;
}
#else
int ork_direct_run_parts(
    const ork_convolution *c, const void *input, const void *residual, const ork_output_part *parts, int count,
    void *scratch, int threads) {
    return 1;
}
#endif

int ork_direct_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    const ork_output_part whole = {packed, bias, output, c->output, c->out_channels, c->relu};
    return ork_direct_run_parts(c, input, residual, &whole, 1, scratch, threads);
}
