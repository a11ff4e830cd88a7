#include "form.h"
#include "maxima.h"
#include "phases.h"
#include <string.h>
#include "parallel.h"
#include "vectors.h"
#include "winograd.h"

static int pooled(int size) { return (size - 1) / 2 + 1; }

static size_t maxima_bytes(const ork_convolution *c) {
    size_t numbers = (size_t)c->batch * (size_t)c->out_channels;
    for (int i = 0; i < 3; i++) numbers *= (size_t)pooled(c->out_size[i]);
    return ork_round64(numbers * sizeof(float));
}

size_t ork_phases_pooled_scratch_bytes(const ork_convolution *c, int threads) {
    ork_phases p;
    if (c->type != ORK_F32 || !c->relu || !ork_phases_cut(c, &p)) return 0;
    const ork_winograd_plan plan = ork_winograd_cut(&p.inner, threads);
    if (plan.slices == 1 || p.channels.phases != 8 || p.up[0] != p.up[1] || p.up[1] != p.up[2]) return 0;
    for (int i = 0; i < 3; i++)
        if ((plan.n[i] != 7 || plan.m[i] != 4) && (i > 0 || plan.n[i] != 11 || plan.m[i] != 8)) return 0;
    return ork_phases_scratch_bytes(c, threads) + maxima_bytes(c) * (size_t)(plan.pixel_parts * plan.output_parts);
}

typedef struct {
    const ork_convolution *c;
    const ork_maxima *maxima;
    int count;  // of threads that found some
    void *output;
} pooled_work;

#if defined(__x86_64__)
// The largest of what all threads found, to the output.
ORK_TARGET static void collect(void *data, int index, int parts) {
    const pooled_work *k = data;
    const ork_convolution *c = k->c;
    const int *size = k->maxima->size;
    const int64_t blocks = c->out_channels / 16, pixels = (int64_t)size[0] * size[1] * size[2];
    const int64_t slice = (int64_t)size[1] * size[2], lines = c->batch * blocks * size[0];
    for (int64_t line = lines * index / parts; line < lines * (index + 1) / parts; line++) {
        const int64_t z = line % size[0], block = line / size[0] % blocks, item = line / size[0] / blocks;
        const int64_t from = item * k->maxima->item + (block * pixels + z * slice) * 16;
        int64_t to = item * c->output.item + block * c->output.block + z * slice * c->output.pixel;
        for (int64_t pixel = 0; pixel < slice; pixel++, to += c->output.pixel)
            for (int part = 0; part < SLIM_PARTS; part++) {
                const int64_t at = from + pixel * 16 + part * SLIM_NUMBERS;
                slim largest = slim_load(k->maxima->at + at);
                for (int i = 1; i < k->count; i++) largest = slim_largest(largest, slim_load(k->maxima[i].at + at));
                ork_store_slim(k->output, to + part * SLIM_NUMBERS, c->output_type, largest);
            }
    }
}
#else
static void collect(void *data, int index, int parts) {}
#endif

int ork_phases_run_pooled(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, void *output, void *scratch,
    int threads) {
    ork_phases p;
    if (!ork_phases_pooled_scratch_bytes(c, threads) || !ork_phases_cut(c, &p)) return 1;
    const ork_winograd_plan plan = ork_winograd_cut(&p.inner, threads);
    const int count = plan.pixel_parts * plan.output_parts;
    char *const inner_scratch = (char *)scratch + p.value_bytes;
    char *const first = inner_scratch + ork_winograd_scratch_bytes(&p.inner, threads);
    ork_maxima maxima[count];
    for (int i = 0; i < count; i++) {
        maxima[i] = (ork_maxima){.at = (float *)(first + (size_t)i * maxima_bytes(c))};
        maxima[i].item = c->out_channels;
        for (int d = 0; d < 3; d++) maxima[i].size[d] = pooled(c->out_size[d]), maxima[i].item *= maxima[i].size[d];
    }
    pooled_work found = {c, maxima, count, output};
    const float *const values = ork_phases_gather(c, &p, input, scratch, threads);
    if (ork_winograd_run_phases(
            &p.inner, &p.channels, c, p.up, packed, bias, values, 0, 0, inner_scratch, maxima, threads))
        return 1;
    ork_parallel(threads, collect, &found);
    return 0;
}
