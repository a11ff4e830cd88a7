#include "form.h"
#include "direct.h"
#include <string.h>
#include "half.h"
#include "parallel.h"
#include "shares.h"
#include "tile_amx.h"
#include "turn.h"
#include "vectors.h"

static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Threads by pixels and by outputs: the longest thread's work first, then what all threads read together.
static void share(const ork_convolution *c, ork_direct_plan *plan, int threads) {
    const int64_t pairs = plan->pairs;
    const double weight_bytes = (double)plan->output_blocks * plan->chunks * plan->taps * 256;
    const double input_bytes = (double)c->batch * plan->chunks * 16 * c->in_size[0] * c->in_size[1] * c->in_size[2];
    double best_work = 1e300, best_traffic = 1e300;
    for (int outputs = 1; outputs <= threads; outputs++) {
        if (threads % outputs) continue;
        const int pixels = threads / outputs;
        if (pixels > plan->tiles || outputs > pairs) continue;
        const double work = (double)ceiling(plan->tiles, pixels) * ceiling(pairs, outputs);
        const double traffic = pixels * weight_bytes + outputs * input_bytes;
        if (work < best_work * 0.98 || (work < best_work * 1.02 && traffic < best_traffic)) {
            best_work = work, best_traffic = traffic;
            plan->pixel_parts = pixels, plan->output_parts = outputs;
        }
    }
}

// What a tap costs for `pixels` in one line, in products of one pixel: few wait for one another's sums.
static double line_cost(int64_t pixels) {
    const int64_t whole = pixels / ORK_TILE_PIXELS, rest = pixels % ORK_TILE_PIXELS, fewest = ORK_TILE_PIXELS / 3;
    const double last = rest ? (double)(rest < fewest ? fewest : rest) + 0.7 : 0;
    return (double)whole * (ORK_TILE_PIXELS + 0.7) + last;
}

// Whether each row of outputs shall be a run of its own: then no tap is multiplied that lies above, below, before or
// behind the input for all of a row.
static bool goes_by_row(const ork_convolution *c) {
    if (c->kernel[2] == 1) return false;
    if (c->out_size[2] >= 28) return true;
    double rows = c->batch;
    for (int i = 0; i < 2; i++) {
        int64_t inside = 0;
        for (int64_t out = 0; out < c->out_size[i]; out++) {
            const int64_t at = out * c->stride[i] - c->padding[i], apart = c->dilation[i];
            const int64_t first = at < 0 ? ceiling(-at, apart) : 0;
            const int64_t end = at < c->in_size[i] ? smaller(ceiling(c->in_size[i] - at, apart), c->kernel[i]) : 0;
            inside += end > first ? end - first : 0;
        }
        rows *= (double)inside / c->kernel[i];
    }
    const int64_t pixels = (int64_t)c->batch * c->out_size[0] * c->out_size[1] * c->out_size[2];
    return rows * line_cost(c->out_size[2]) < 0.9 * line_cost(pixels);
}

ork_direct_plan ork_direct_cut(const ork_convolution *c, int threads) {
    ork_direct_plan plan = {0};
    const int64_t width = c->out_size[2], rows = (int64_t)c->batch * c->out_size[0] * c->out_size[1];
    const int bytes = (int)ork_bytes(ork_value_type(c->type));
    const int tiles = c->algorithm == ORK_TILES;
    plan.tile_pixels = tiles ? ORK_AMX_PIXELS : ORK_TILE_PIXELS;
    const int by_row = tiles ? width >= 28 && c->kernel[2] > 1 : goes_by_row(c);
    plan.runs = by_row ? rows : 1;
    plan.run_pixels = by_row ? width : rows * width;
    plan.tiles_per_run = ceiling(plan.run_pixels, plan.tile_pixels);
    plan.tiles = plan.runs * plan.tiles_per_run;
    plan.chunks = c->in_channels / 16;
    plan.taps = (int64_t)c->kernel[0] * c->kernel[1] * c->kernel[2];
    plan.output_blocks = c->out_channels / 16, plan.pairs = ceiling(plan.output_blocks, ORK_TILE_BLOCKS);
    // 16 inputs of a tap are 1024 (512) bytes of weights for each output block.
    const int64_t limit = c->type == ORK_F32 ? 144 : 216;
    plan.chunk_block = plan.chunks, plan.tap_block = plan.taps;
    if (plan.chunks * plan.taps > limit) {
        const int64_t cuts = ceiling(plan.chunks, smaller(plan.chunks, 64));
        plan.chunk_block = ceiling(plan.chunks, cuts);
        const int64_t tap_cuts = ceiling(plan.taps * plan.chunk_block, limit);
        plan.tap_block = ceiling(plan.taps, smaller(tap_cuts, plan.taps));
    }
    plan.split = plan.chunk_block < plan.chunks || plan.tap_block < plan.taps;
    plan.pixel_parts = plan.output_parts = 1;
    share(c, &plan, threads < 1 ? 1 : threads);
    const int64_t panel = (plan.chunk_block + tiles) / (1 + tiles) * (1 + tiles) * plan.tap_block * plan.tile_pixels * 16 * bytes;
    plan.group = smaller(ceiling(plan.tiles, plan.pixel_parts), panel > 0 ? 1 + (384 << 10) / panel : 1);
    if (plan.group > 16) plan.group = 16;
    plan.panel_bytes = ork_round64((size_t)(plan.group * panel));
    plan.segment_bytes = ork_round64((size_t)(plan.group * plan.tap_block) * sizeof(ork_segment));
    plan.sum_bytes = (size_t)64 * (size_t)plan.tile_pixels
        * (size_t)(plan.split ? plan.group * (plan.pairs * 2 + 1) : ORK_TILE_BLOCKS);
    return plan;
}

size_t ork_direct_packed_bytes(const ork_convolution *c) {
    // Behind the last odd chunk AMX reads one more, against inputs that are zero.
    const size_t spare = c->algorithm == ORK_TILES ? 512 : 0;
    return (size_t)c->in_channels * (size_t)c->out_channels * (size_t)c->kernel[0] * (size_t)c->kernel[1]
        * (size_t)c->kernel[2] * ork_bytes(c->type) + spare;
}

typedef struct {
    const ork_convolution *c;
    ork_plain_weights weights;
    void *packed;
} pack_work;

enum { TAPS = 27 };

#if defined(__x86_64__)
#define PACK_TARGET ORK_TARGET
#else
#define PACK_TARGET
#endif

// Pairs of bfloat16 of one output: `taps` of 16 inputs, which lie `length` apart, to words [tap][pair][16 outputs].
PACK_TARGET static void pair_up(
    const float *from, float factor, int64_t length, int64_t inputs, int64_t taps, uint32_t (*to)[128]) {
    for (int64_t pair = 0; pair < 8; pair++) {
        float weights[2][TAPS] = {0};
        uint32_t bits[2][TAPS];
        for (int64_t i = 0; i < 2 && 2 * pair + i < inputs; i++)
            memcpy(weights[i], from + (2 * pair + i) * length, (size_t)taps * 4);
        for (int i = 0; i < 2; i++)
            for (int tap = 0; tap < TAPS; tap++) weights[i][tap] *= factor;
        memcpy(bits, weights, sizeof bits);
        for (int tap = 0; tap < TAPS; tap++) bits[0][tap] = ork_half_bits(bits[0][tap]) | ork_half_bits(bits[1][tap]) << 16;
        for (int64_t tap = 0; tap < taps; tap++) to[tap][pair * 16] = bits[0][tap];
    }
}

// The same of a kernel with one tap.
PACK_TARGET static void pair_up_one(const float *from, float factor, uint32_t *to) {
    float weights[16];
    uint32_t bits[16], words[8];
    for (int i = 0; i < 16; i++) weights[i] = from[i] * factor;
    memcpy(bits, weights, sizeof bits);
    for (int pair = 0; pair < 8; pair++) words[pair] = ork_half_bits(bits[2 * pair]) | ork_half_bits(bits[2 * pair + 1]) << 16;
    for (int pair = 0; pair < 8; pair++) to[pair * 16] = words[pair];
}

static void pack_part(void *data, int part, int parts) {
    const pack_work *w = data;
    union {
        uint32_t halves[TAPS][128];
        float floats[TAPS][256];
    } turned;
    const ork_convolution *c = w->c;
    const ork_plain_weights *weights = &w->weights;
    const int half = c->type == ORK_BF16, blocks = c->out_channels / 16;
    const int64_t taps = (int64_t)c->kernel[0] * c->kernel[1] * c->kernel[2], chunks = c->in_channels / 16;
    for (int64_t block = (int64_t)blocks * part / parts; block < (int64_t)blocks * (part + 1) / parts; block++)
        for (int64_t chunk = 0; chunk < chunks; chunk++)
            for (int64_t first = 0; first < taps; first += TAPS) {
                // Weights have the taps side by side, packed ones have them last: turned in a corner of the cache.
                const int64_t count = smaller(taps - first, TAPS);
                const int64_t all = (block * taps + first) * chunks + chunk;
                if (half) memset(turned.halves, 0, (size_t)count * 512);
                for (int64_t o = block * 16; half && o < block * 16 + 16 && o < weights->outputs; o++) {
                    const float *from = weights->values + (o * weights->inputs + chunk * 16) * taps + first;
                    const float factor = weights->factors ? weights->factors[o] : 1;
                    const int64_t inputs = weights->inputs - chunk * 16;
                    if (taps == 1 && inputs >= 16)
                        pair_up_one(from, factor, turned.halves[0] + o % 16);
                    else if (inputs > 0)
                        pair_up(from, factor, taps, inputs, count, (uint32_t(*)[128])(turned.halves[0] + o % 16));
                }
                if (!half) ork_turn(weights, taps, block * 16, chunk * 16, first, count, turned.floats);
                for (int64_t tap = 0; tap < count; tap++) {
                    const int64_t at = (all + tap * chunks) * 256;
                    if (half)
                        memcpy((uint16_t *)w->packed + at, turned.halves[tap], 512);
                    else if (c->type == ORK_F16)
                        ork_weights_to_half(turned.floats[tap], 256, (uint16_t *)w->packed + at);
                    else
                        memcpy((float *)w->packed + at, turned.floats[tap], 1024);
                }
            }
}

// Packed: [output block][tap][chunk][16 inputs][16 outputs], as bfloat16 [.. chunk][8 pairs][16 outputs][2].
void ork_direct_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    if (c->algorithm == ORK_TILES) memset((char *)packed + ork_direct_packed_bytes(c) - 512, 0, 512);
    pack_work work = {c, weights, packed};
    const int blocks = c->out_channels / 16, threads = omp_get_max_threads();
    ork_parallel(blocks < threads ? blocks : threads, pack_part, &work);
}
