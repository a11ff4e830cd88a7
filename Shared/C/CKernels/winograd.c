#include "form.h"
#include "phase_channels.h"
#include "winograd.h"

#if defined(__x86_64__)
#include <string.h>
#include "parallel.h"
#include "queue.h"
#include "tile.h"
#include "winograd_ends.h"
#include "winograd_strided.h"
#include "winograd_tile.h"

static int64_t edge(int64_t part, int64_t parts, int64_t count) { return part * count / parts; }

// The tiles that a thread has taken, in sets that are multiplied at once, and its scratch memory.
typedef struct {
    const work *k;
    char *values, *sums, *planes;
    float *line;
    int64_t tile, number, sets;
    int64_t begins[ORK_MOST_SETS + 1];  // of each set, among those taken
} taken;

// What a thread takes to work with.
static taken taken_by(const work *k, int index) {
    const ork_winograd_plan *plan = &k->plan;
    const size_t each = plan->input_bytes + plan->sum_bytes + plan->plane_bytes + plan->line_bytes;
    char *scratch = k->scratch + (size_t)index * each;
    taken t = {k, scratch, scratch + plan->input_bytes, scratch + plan->input_bytes + plan->sum_bytes};
    t.line = (void *)(t.planes + plan->plane_bytes);
    return t;
}

static void set_up(taken *t) {
    t->sets = (t->number + ORK_TILE_PIXELS - 1) / ORK_TILE_PIXELS;
    for (int64_t set = 0; set <= t->sets; set++) t->begins[set] = edge(set, t->sets, t->number);
}

// Values: [set][point][chunk][tile of the set][16], of planes [set][point][tile of the set][inputs that are left].
static void analyse_tiles(const taken *t) {
    const work *k = t->k;
    const ork_winograd_plan *plan = &k->plan;
    const int64_t side = 16 * (int64_t)ork_bytes(ork_value_type(k->c->type));
    for (int64_t set = 0; set < t->sets; set++) {
        const int64_t from = t->begins[set], width = t->begins[set + 1] - from;
        char *at = t->values + from * k->values[plan->points];
        for (int64_t i = 0; i < width; i++) {
            const place here = tile_place(k, t->tile + from + i);
            if (reads_planes(k))
                analyse_planes_of_phases(k, &here, t->line, at, i, width);
            else if (k->channels->apart)
                analyse_strided(k, &here, at + i * side, width);
            else
                for (int64_t chunk = 0; chunk < plan->chunks; chunk++)
                    analyse(k, &here, chunk, t->line, at + i * side, plan->chunks * width * side, width * side);
        }
    }
}

// Sums: [set][point][pair of blocks][tile][blocks of the pair][16], of points from first to end and of as many blocks as
// `group` has. Weights are read in the order in which they lie.
static void multiply(const taken *t, int block, int group, int64_t first, int64_t end) {
    const work *k = t->k;
    const ork_winograd_plan *plan = &k->plan;
    const int type = k->c->type;
    const ork_tiles kernel = ork_tiles_of(type);
    const int64_t side = 16 * (int64_t)ork_bytes(ork_value_type(type));
    const int64_t weight_step = k->weights[plan->points];
    const bool is_planar = reads_planes(k);
    // Several sets take turns at each point, so that its weights come once.
    const int64_t longest = t->sets == 1 ? end - first : 1;
    const int64_t at_once = ork_tile_weight_bytes(type), shares = t->sets > 1 ? 2 : 1;
    for (int in_group = 0; in_group < group; in_group += 2) {
        const int blocks = group - in_group < 2 ? 1 : 2;
        const char *weights = k->packed + (block + in_group) * weight_step;
        for (int64_t point = first, run; point < end; point += run) {
            const ork_point_inputs inputs = k->inputs[k->lacking[point]];
            const int64_t begin = k->weights[point], next = k->weights[point + 1];
            for (run = 1; point + run < end && run < longest && k->lacking[point + run] == k->lacking[point];) run++;
            for (int64_t set = 0; set < t->sets; set++) {
                const int64_t from = t->begins[set], width = t->begins[set + 1] - from;
                const char *values = t->values + from * k->values[plan->points] + width * k->values[point];
                const ork_segment segment = {
                    values, begin, is_planar ? side : width * side, is_planar ? inputs.rows * 4 : side, inputs.last};
                char *sum = t->sums + ((from * (end - first) + (point - first) * width) * group + in_group * width) * 64;
                // The next point's weights: half of them with each of two sets, or all at once.
                const ork_tile_end pause = {
                    .sums = (float *)sum, .begins = 1,
                    .ahead = weights + next + (shares == 2 ? set % 2 * (next - begin) / 2 : 0),
                    .ahead_step = set >= shares ? 0 : at_once / shares,
                    .more = run - 1, .next_pixels = width * (k->values[point + 1] - k->values[point]),
                    .next_weights = next - begin, .next_sums = width * group * 64};
                kernel((int)width, blocks)(&segment, 1, inputs.chunks, weights, weight_step, &pause);
            }
        }
    }
}

// Each tile and block of the group, what its sums are to be turned into, by `end_tile`.
typedef void (*end_of_tile)(const taken *t, int64_t tile, int block, int in_group, int group, int slice, char *sums, int64_t step);

static void end_tiles(const taken *t, int block, int group, int slice, end_of_tile end_tile) {
    const ork_winograd_plan *plan = &t->k->plan;
    const int64_t points = plan->points / plan->slices;
    for (int64_t set = 0; set < t->sets; set++) {
        const int64_t from = t->begins[set], width = t->begins[set + 1] - from;
        for (int64_t i = 0; i < width; i++)
            for (int b = 0; b < group; b++) {
                const int in_pair = b % 2, pair = group - (b - in_pair) < 2 ? 1 : 2;
                char *sums = t->sums + (from * points * group + (b - in_pair) * width + i * pair + in_pair) * 64;
                end_tile(t, from + i, block + b, b, group, slice, sums, width * group * 64);
            }
    }
}

static void end_whole(const taken *t, int64_t tile, int block, int in_group, int group, int slice, char *sums, int64_t step) {
    (void)in_group, (void)group, (void)slice;
    const place here = tile_place(t->k, t->tile + tile);
    synthesize(t->k, &here, block, sums, step, t->line);
}

static char *plane_of(const taken *t, int64_t tile, int in_group, int group, int slice) {
    const ork_winograd_plan *plan = &t->k->plan;
    return t->planes + ((tile * group + in_group) * plan->slices + slice) * plan->m[1] * plan->m[2] * 64;
}

static void end_slice(const taken *t, int64_t tile, int block, int in_group, int group, int slice, char *sums, int64_t step) {
    (void)block;
    const ork_winograd_plan *plan = &t->k->plan;
    ork_plane_of_slice(plan->n[1], plan->m[1], sums, plan->n[2] * step, step, plane_of(t, tile, in_group, group, slice));
}

// All outputs of the tiles that were taken, for pairs of output blocks from `begin` to `end`.
static void multiply_tiles(const taken *t, int begin, int end, int index) {
    const work *k = t->k;
    const ork_winograd_plan *plan = &k->plan;
    const int64_t points = plan->points / plan->slices;
    for (int block = begin; block < end; block += (int)plan->output_group) {
        const int group = end - block < plan->output_group ? end - block : (int)plan->output_group;
        for (int slice = 0; slice < plan->slices; slice++) {
            multiply(t, block, group, slice * points, (slice + 1) * points);
            end_tiles(t, block, group, slice, plan->slices > 1 ? end_slice : end_whole);
        }
        for (int64_t tile = 0; plan->slices > 1 && tile < t->number; tile++) {
            const place here = tile_place(k, t->tile + tile);
            for (int b = 0; b < group; b++) {
                const char *planes = plane_of(t, tile, b, group, 0);
                if (k->maxima)
                    synthesize_maxima(k, &here, block + b, planes, k->maxima + index);
                else
                    synthesize_depth(k, &here, block + b, planes);
            }
        }
    }
}

static void part(void *data, int index, int parts) {
    (void)parts;
    const work *k = data;
    const ork_winograd_plan *plan = &k->plan;
    taken t = taken_by(k, index);
    const int64_t pairs = (plan->output_blocks + 1) / 2;
    const int pixel_part = index % plan->pixel_parts, output_part = index / plan->pixel_parts;
    const int begin = (int)edge(output_part, plan->output_parts, pairs) * 2;
    int end = (int)edge(output_part + 1, plan->output_parts, pairs) * 2;
    if (end > plan->output_blocks) end = (int)plan->output_blocks;
    if (k->maxima) memset(k->maxima[index].at, 0, (size_t)(k->c->batch * k->maxima[index].item) * sizeof(float));
    ork_queue *const queues = k->queues + output_part * plan->pixel_parts;
    while ((t.number = ork_take(queues, plan->pixel_parts, pixel_part, ORK_TILE_PIXELS, plan->group, &t.tile))) {
        set_up(&t);
        analyse_tiles(&t);
        multiply_tiles(&t, begin, end, index);
    }
}

int ork_winograd_run_phases(
    const ork_convolution *c, const ork_phase_channels *channels, const ork_convolution *outer, const int up[3],
    const void *packed, const float *bias, const void *input, const void *residual, void *output, void *scratch,
    const ork_maxima *maxima, int threads) {
    ork_queue queues[threads];
    work k = {
        .c = c, .outer = outer, .up = {up[0], up[1], up[2]}, .plan = ork_winograd_cut(c, threads), .packed = packed,
        .input = input, .sink = {outer, bias, residual, output, up[2]}, .scratch = scratch, .channels = channels,
        .queues = queues, .maxima = maxima};
    ork_lacking_dimensions(channels, &k.plan, k.lacking);
    for (int i = 0; i < 8; i++) {
        k.left[i] = ork_phases_left_where(channels, i);
        const int left = channels->inputs / channels->phases * k.left[i].count;
        const int64_t rows = (left + 3) / 4 * 4;
        k.inputs[i] = reads_planes(&k) ? (ork_point_inputs){rows, 1, rows}
                                       : (ork_point_inputs){rows, (left + 15) / 16, (left % 16 + 3) / 4 * 4};
    }
    ork_left_weights(channels, &k.plan, c->type, k.weights);
    const int64_t value_bytes = (int64_t)ork_bytes(ork_value_type(c->type));
    for (int point = 0; point < k.plan.points; point++) {
        const int64_t rows = channels->lacks ? k.inputs[k.lacking[point]].rows : k.plan.chunks * 16;
        k.values[point + 1] = k.values[point] + rows * value_bytes;
    }
    for (int i = 0; i < k.plan.output_parts; i++)
        ork_queue_up(queues + i * k.plan.pixel_parts, k.plan.pixel_parts, k.plan.tiles);
    ork_parallel(k.plan.pixel_parts * k.plan.output_parts, part, &k);
    return 0;
}
#else
int ork_winograd_run_phases(
    const ork_convolution *c, const struct ork_phase_channels *channels, const ork_convolution *outer, const int up[3],
    const void *packed, const float *bias, const void *input, const void *residual, void *output, void *scratch,
    const struct ork_maxima *maxima, int threads) {
    return 1;
}
#endif

int ork_winograd_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    const ork_phase_channels each = {c->in_channels, 1, {1, 1, 1}, false, false};
    return ork_winograd_run_phases(
        c, &each, c, (const int[3]){1, 1, 1}, packed, bias, input, residual, output, scratch, 0, threads);
}
