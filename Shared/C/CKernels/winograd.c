#include "form.h"
#include "winograd.h"

#if defined(__x86_64__)
#include "parallel.h"
#include "queue.h"
#include "tile.h"
#include "winograd_tile.h"

static int64_t edge(int64_t part, int64_t parts, int64_t count) { return part * count / parts; }

static void part(void *data, int index, int parts) {
    (void)parts;
    const work *k = data;
    const ork_winograd_plan *plan = &k->plan;
    const ork_convolution *c = k->c;
    char *values = k->scratch + (size_t)index * (plan->input_bytes + plan->sum_bytes + plan->line_bytes);
    char *sums = values + plan->input_bytes;
    float *line = (void *)(sums + plan->sum_bytes);
    const int64_t side = 16 * (int64_t)ork_bytes(ork_value_type(c->type));
    const int64_t point_bytes = plan->chunks * 256 * (int64_t)ork_bytes(c->type);
    const int64_t weight_step = plan->points * point_bytes, pairs = (plan->output_blocks + 1) / 2;
    const int pixel_part = index % plan->pixel_parts, output_part = index / plan->pixel_parts;
    const int begin = (int)edge(output_part, plan->output_parts, pairs) * 2;
    int end = (int)edge(output_part + 1, plan->output_parts, pairs) * 2;
    if (end > plan->output_blocks) end = (int)plan->output_blocks;
    const ork_tiles kernel = ork_tiles_of(c->type);
    const int64_t at_once = c->type == ORK_F16 ? 128 : 256;
    ork_queue *const queues = k->queues + output_part * plan->pixel_parts;
    int64_t tile, number;
    while ((number = ork_take(queues, plan->pixel_parts, pixel_part, ORK_TILE_PIXELS, plan->group, &tile))) {
        const int64_t sets = (number + ORK_TILE_PIXELS - 1) / ORK_TILE_PIXELS;
        const int64_t shares = sets > 1 && c->type != ORK_F16 ? 2 : 1;
        // Values: [set][point][chunk][tile of the set][16].
        for (int64_t set = 0; set < sets; set++) {
            const int64_t from = edge(set, sets, number), width = edge(set + 1, sets, number) - from;
            char *at = values + from * plan->points * plan->chunks * side;
            for (int64_t i = 0; i < width; i++) {
                const place here = tile_place(k, tile + from + i);
                for (int64_t chunk = 0; chunk < plan->chunks; chunk++)
                    analyse(k, &here, chunk, line, at + (chunk * width + i) * side, plan->chunks * width * side);
            }
        }
        for (int first = begin; first < end; first += (int)plan->output_group) {
            const int last = end - first < plan->output_group ? end : first + (int)plan->output_group;
            const int64_t blocks_here = last - first;
            // Sums: [set][point][pair of blocks][tile][blocks of the pair][16].
            // Weights in the order in which they lie.
            for (int block = first; block < last; block += 2)
                for (int64_t point = 0; point < plan->points; point++) {
                    const int blocks = last - block < 2 ? 1 : 2;
                    for (int64_t set = 0; set < sets; set++) {
                        const int64_t from = edge(set, sets, number), width = edge(set + 1, sets, number) - from;
                        const ork_segment segment = {
                            values + (from * plan->points + point * width) * plan->chunks * side,
                            point * point_bytes, width * side, side, k->last_inputs};
                        char *sum = sums + (from * plan->points + point * width) * blocks_here * 64
                            + (block - first) * width * 64;
                        // The next point's weights: half of them with each of two sets, or all at once.
                        const char *ahead = k->packed + block * weight_step + (point + 1) * point_bytes;
                        const ork_tile_end pause = {
                            .sums = (float *)sum, .begins = 1,
                            .ahead = ahead + (shares == 2 ? set % 2 * point_bytes / 2 : 0),
                            .ahead_step = set >= shares ? 0 : at_once / shares};
                        kernel((int)width, blocks)(
                            &segment, 1, plan->chunks, k->packed + block * weight_step, weight_step, &pause);
                    }
                }
            for (int64_t set = 0; set < sets; set++) {
                const int64_t from = edge(set, sets, number), width = edge(set + 1, sets, number) - from;
                for (int64_t i = 0; i < width; i++) {
                    const place here = tile_place(k, tile + from + i);
                    for (int block = first; block < last; block++) {
                        const int in_pair = (block - first) % 2, blocks = last - (block - in_pair) < 2 ? 1 : 2;
                        char *sum = sums + from * plan->points * blocks_here * 64
                            + (block - first - in_pair) * width * 64 + (i * blocks + in_pair) * 64;
                        synthesize(k, &here, block, sum, width * blocks_here * 64, line);
                    }
                }
            }
        }
    }
}

int ork_winograd_run_phases(
    const ork_convolution *c, int inputs, const ork_convolution *outer, const int up[3], const void *packed,
    const float *bias, const void *input, const void *residual, void *output, void *scratch, int threads) {
    ork_queue queues[threads];
    work k = {
        c,      outer, {up[0], up[1], up[2]}, ork_winograd_cut(c, threads), packed,
        input,  {outer, bias, residual, output, up[2]}, scratch, (inputs % 16 + 3) / 4 * 4, queues};
    for (int i = 0; i < k.plan.output_parts; i++)
        ork_queue_up(queues + i * k.plan.pixel_parts, k.plan.pixel_parts, k.plan.tiles);
    ork_parallel(k.plan.pixel_parts * k.plan.output_parts, part, &k);
    return 0;
}
#else
int ork_winograd_run_phases(
    const ork_convolution *c, int inputs, const ork_convolution *outer, const int up[3], const void *packed,
    const float *bias, const void *input, const void *residual, void *output, void *scratch, int threads) {
    return 1;
}
#endif

int ork_winograd_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    return ork_winograd_run_phases(
        c, c->in_channels, c, (const int[3]){1, 1, 1}, packed, bias, input, residual, output, scratch, threads);
}
