#include "form.h"
#include "winograd_training.h"
#include "winograd.h"

#if defined(__x86_64__)
#include "parallel.h"
#include "vectors.h"

typedef struct {
    const ork_convolution *c;
    ork_winograd_plan plan;
    const float *tiles;
    float *packed;
    bool turned;
    int64_t tile_columns;  // blocks of the weights' inputs
    float rows[3][ORK_MOST_LINE][ORK_MOST_LINE];
} work;

// along: sums over `r` elements `step` apart, times the rows, to n elements `to_step` apart.
ORK_WIDE void along(
    const float (*rows)[ORK_MOST_LINE], int n, int r, const wide *from, int64_t step, float *to, int64_t to_step) {
    for (int j = 0; j < n; j++) {
        wide sum = wide_mul(wide_all(rows[j][0]), from[0]);
        for (int i = 1; i < r; i++) sum = wide_fma(wide_all(rows[j][i]), from[i * step], sum);
        wide_store_aligned(to + j * to_step, sum);
    }
}

enum { MOST_TAPS = 125, MOST_BETWEEN = 8 * 8 * 5 };

ORK_TARGET static void transform(const work *k, int64_t output, int64_t input, int row) {
    const int *n = k->plan.n, *r = k->c->kernel;
    const int taps = r[0] * r[1] * r[2], points = k->plan.points;
    wide given[MOST_TAPS], lines[MOST_BETWEEN], planes[MOST_BETWEEN];
    const int64_t tile = k->turned ? input * k->tile_columns + output : output * k->tile_columns + input;
    for (int tap = 0; tap < taps; tap++) {
        const float *from = k->tiles + (tile * taps + (k->turned ? taps - 1 - tap : tap)) * 256;
        given[tap] = k->turned ? wide_gather(from + row, 16) : wide_load(from + row * 16);
    }
    for (int dh = 0; dh < r[0] * r[1]; dh++)
        along(k->rows[2], n[2], r[2], given + dh * r[2], 1, (float *)(lines + dh * n[2]), 16);
    for (int d = 0; d < r[0]; d++)
        for (int x = 0; x < n[2]; x++)
            along(
                k->rows[1], n[1], r[1], lines + d * r[1] * n[2] + x, n[2], (float *)(planes + d * n[1] * n[2] + x),
                n[2] * 16);
    const int64_t point_step = k->plan.chunks * 256;
    float *to = k->packed + output * points * point_step + input * 256 + row * 16;
    for (int yx = 0; yx < n[1] * n[2]; yx++)
        along(k->rows[0], n[0], r[0], planes + yx, n[1] * n[2], to + yx * point_step, n[1] * n[2] * point_step);
}

static void part(void *data, int index, int parts) {
    const work *k = data;
    const int64_t tiles = k->plan.output_blocks * k->plan.chunks;
    for (int64_t i = tiles * index / parts; i < tiles * (index + 1) / parts; i++)
        for (int row = 0; row < 16; row++) transform(k, i / k->plan.chunks, i % k->plan.chunks, row);
}

int ork_winograd_pack_tiles(
    const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads) {
    if (!ork_convolution_supported(c) || c->algorithm != ORK_WINOGRAD || c->type != ORK_F32) return 1;
    if (w.planar || !tiles || !packed || threads < 1) return 1;
    work k = {.c = c, .plan = ork_winograd_cut(c, 1), .tiles = tiles, .packed = packed, .turned = turned};
    k.tile_columns = (w.inputs + 15) / 16;
    const int64_t outputs = turned ? w.inputs : w.outputs, inputs = turned ? w.outputs : w.inputs;
    const int taps = c->kernel[0] * c->kernel[1] * c->kernel[2];
    if ((outputs + 15) / 16 != k.plan.output_blocks || (inputs + 15) / 16 != k.plan.chunks || taps != w.taps) return 1;
    if (taps > MOST_TAPS || c->kernel[0] * k.plan.n[1] * k.plan.n[2] > MOST_BETWEEN) return 1;
    if (c->kernel[0] * c->kernel[1] * k.plan.n[2] > MOST_BETWEEN) return 1;
    for (int i = 0; i < 3; i++) {
        double rows[ORK_MOST_LINE][ORK_MOST_LINE];
        ork_winograd_rows(k.plan.n[i], c->kernel[i], rows);
        for (int j = 0; j < k.plan.n[i]; j++)
            for (int l = 0; l < c->kernel[i]; l++) k.rows[i][j][l] = (float)rows[j][l];
    }
    ork_parallel(threads, part, &k);
    return 0;
}
#else
int ork_winograd_pack_tiles(
    const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads) {
    return 1;
}
#endif
