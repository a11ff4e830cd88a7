#include "form.h"
#include <stdlib.h>
#include "winograd.h"
#include "winograd_training.h"

#if defined(__x86_64__)
#include "half.h"
#include "parallel.h"
#include "shares.h"
#include "turn.h"
#include "vectors.h"

// The transform of weights to points, sixteen outputs at a time: in double where weights are packed once for many
// images, in float32 where they are packed at every step or are rounded to less afterwards.
typedef float singles __attribute__((vector_size(64)));
typedef double doubles __attribute__((vector_size(128)));

enum { MOST_TAPS = 343, MOST_BETWEEN = 512 };

typedef struct {
    ork_winograd_plan plan;
    int r[3], taps;
    double rows[3][ORK_MOST_LINE][ORK_MOST_LINE];
} transform;

static bool prepare(const ork_convolution *c, transform *t) {
    t->plan = ork_winograd_cut(c, 1), t->taps = 1;
    for (int i = 0; i < 3; i++) {
        t->r[i] = c->kernel[i], t->taps *= t->r[i];
        ork_winograd_rows(t->plan.n[i], t->r[i], t->rows[i]);
    }
    const int *n = t->plan.n;
    return t->taps <= MOST_TAPS && t->r[0] * t->r[1] * n[2] <= MOST_BETWEEN && t->r[0] * n[1] * n[2] <= MOST_BETWEEN;
}

// One of n sums over `r` elements `step` apart.
#define SUM(vector, number, rows, j, r, from, step)                                                       \
    vector sum = (number)rows[j][0] * (from)[0];                                                          \
    for (int i = 1; i < r; i++) sum += (number)rows[j][i] * (from)[i * (step)];

// All taps of one input to points `point_step` floats apart.
#define POINTS_OF(vector, number)                                                                         \
    ORK_TARGET static void points_of_##vector(                                                            \
        const transform *t, const vector *given, float *to, int64_t point_step) {                         \
        const int *n = t->plan.n, *r = t->r, plane = n[1] * n[2];                                          \
        vector lines[MOST_BETWEEN], planes[MOST_BETWEEN];                                                 \
        for (int dh = 0; dh < r[0] * r[1]; dh++)                                                          \
            for (int x = 0; x < n[2]; x++) {                                                              \
                SUM(vector, number, t->rows[2], x, r[2], given + dh * r[2], 1)                            \
                lines[dh * n[2] + x] = sum;                                                               \
            }                                                                                             \
        for (int d = 0; d < r[0]; d++)                                                                    \
            for (int yx = 0; yx < plane; yx++) {                                                          \
                SUM(vector, number, t->rows[1], yx / n[2], r[1], lines + d * r[1] * n[2] + yx % n[2], n[2]) \
                planes[d * plane + yx] = sum;                                                             \
            }                                                                                             \
        for (int zyx = 0; zyx < n[0] * plane; zyx++) {                                                     \
            SUM(vector, number, t->rows[0], zyx / plane, r[0], planes + zyx % plane, plane)               \
            const singles point = __builtin_convertvector(sum, singles);                                  \
            memcpy(to + zyx * point_step, &point, sizeof point);                                          \
        }                                                                                                 \
    }
POINTS_OF(singles, float)
POINTS_OF(doubles, double)

// Weights of plain order.

typedef struct {
    transform t;
    ork_plain_weights weights;
    int type;
    void *packed;
    float (*turned)[256];  // a corner of the weights for each thread
} plain_work;

// Two inputs of every point as bfloat16: [pair][16 outputs][2].
ORK_TARGET static void pack_pair(const transform *t, const singles *first, const singles *second, uint32_t *to, int64_t point_step) {
    uint32_t points[2][ORK_MOST_POINTS][16] __attribute__((aligned(64)));
    points_of_singles(t, first, (float *)points[0][0], 16);
    points_of_singles(t, second, (float *)points[1][0], 16);
    for (int point = 0; point < t->plan.points; point++)
        for (int o = 0; o < 16; o++) {
            to[point * point_step + o] = ork_half_bits(points[0][point][o]) | ork_half_bits(points[1][point][o]) << 16;
        }
}

// One input of every point in half precision.
ORK_TARGET static void pack_half(const transform *t, const singles *given, uint16_t *to, int64_t point_step) {
    float points[ORK_MOST_POINTS][16] __attribute__((aligned(64)));
    points_of_singles(t, given, points[0], 16);
    for (int point = 0; point < t->plan.points; point++) ork_weights_to_half(points[point], 16, to + point * point_step);
}

// Packed as the direct kernel's weights are, with points in the place of taps.
ORK_TARGET static void pack_plain(void *data, int part, int parts) {
    const plain_work *w = data;
    const transform *t = &w->t;
    const int64_t chunks = t->plan.chunks, blocks = t->plan.output_blocks, point_step = chunks * 256;
    const int64_t end = blocks * (part + 1) / parts;
    float (*turned)[256] = w->turned + (int64_t)part * t->taps;
    for (int64_t block = blocks * part / parts; block < end; block++)
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
            ork_turn(&w->weights, t->taps, block * 16, chunk * 16, 0, t->taps, turned);
            const int64_t at = (block * t->plan.points * chunks + chunk) * 256;
            for (int row = 0; row < 16; row += w->type == ORK_BF16 ? 2 : 1) {
                const int64_t to = at + row * 16;
                singles given[2][MOST_TAPS];
                doubles exact[MOST_TAPS];
                for (int tap = 0; tap < t->taps; tap++) {
                    const singles *pair = (const singles *)(turned[tap] + row * 16);
                    if (w->type == ORK_F32)
                        exact[tap] = __builtin_convertvector(pair[0], doubles);
                    else
                        given[0][tap] = pair[0];
                    if (w->type == ORK_BF16) given[1][tap] = pair[1];
                }
                switch (w->type) {
                case ORK_BF16:
                    pack_pair(t, given[0], given[1], (uint32_t *)w->packed + to / 2, point_step / 2);
                    break;
                case ORK_F16: pack_half(t, given[0], (uint16_t *)w->packed + to, point_step); break;
                default: points_of_doubles(t, exact, (float *)w->packed + to, point_step);
                }
            }
        }
}

int ork_winograd_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    plain_work work = {.weights = weights, .type = c->type, .packed = packed};
    if (!prepare(c, &work.t)) return 1;
    const int blocks = c->out_channels / 16, threads = omp_get_max_threads();
    const int parts = blocks < threads ? blocks : threads;
    work.turned = aligned_alloc(64, (size_t)parts * (size_t)work.t.taps * sizeof *work.turned);
    if (!work.turned) return 1;
    ork_parallel(parts, pack_plain, &work);
    free(work.turned);
    return 0;
}

// Weights in training's tiles.

typedef struct {
    transform t;
    const float *tiles;
    float *packed;
    bool turned;
    int64_t tile_columns;  // blocks of the weights' inputs
} tiles_work;

ORK_TARGET static void pack_row(const tiles_work *k, int64_t output, int64_t input, int row) {
    const transform *t = &k->t;
    singles given[MOST_TAPS];
    const int64_t tile = k->turned ? input * k->tile_columns + output : output * k->tile_columns + input;
    for (int tap = 0; tap < t->taps; tap++) {
        const float *from = k->tiles + (tile * t->taps + (k->turned ? t->taps - 1 - tap : tap)) * 256;
        wide_store_aligned((float *)(given + tap), k->turned ? wide_gather(from + row, 16) : wide_load(from + row * 16));
    }
    const int64_t point_step = t->plan.chunks * 256;
    points_of_singles(t, given, k->packed + output * t->plan.points * point_step + input * 256 + row * 16, point_step);
}

static void pack_tiles(void *data, int index, int parts) {
    const tiles_work *k = data;
    const int64_t chunks = k->t.plan.chunks, tiles = k->t.plan.output_blocks * chunks;
    for (int64_t i = tiles * index / parts; i < tiles * (index + 1) / parts; i++)
        for (int row = 0; row < 16; row++) pack_row(k, i / chunks, i % chunks, row);
}

int ork_winograd_pack_tiles(
    const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads) {
    if (c->algorithm != ORK_WINOGRAD || c->type != ORK_F32 || !ork_convolution_supported(c)) return 1;
    if (!ork_winograd_supported(c)) return 1;  // transforms of phases lie otherwise
    if (w.planar || !tiles || !packed || threads < 1) return 1;
    tiles_work k = {.tiles = tiles, .packed = packed, .turned = turned, .tile_columns = (w.inputs + 15) / 16};
    if (!prepare(c, &k.t)) return 1;
    const int64_t outputs = turned ? w.inputs : w.outputs, inputs = turned ? w.outputs : w.inputs;
    if ((outputs + 15) / 16 != k.t.plan.output_blocks || (inputs + 15) / 16 != k.t.plan.chunks) return 1;
    if (k.t.taps != w.taps) return 1;
    ork_parallel(threads, pack_tiles, &k);
    return 0;
}
#else
int ork_winograd_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    return 1;
}

int ork_winograd_pack_tiles(
    const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads) {
    return 1;
}
#endif
