#include "form.h"
#include "phases.h"
#include <stdlib.h>
#include <string.h>
#include "parallel.h"
#include "phase_positions.h"
#include "vectors.h"
#include "winograd.h"

// Output phase u, input phase r, tap q: the tap of the given kernel that they stand for, or one outside of it.
static int tap_of(const ork_phases *p, const ork_convolution *c, int i, int u, int r, int q) {
    if (p->channels.down[i] == 1) return q;
    return 2 * (q - p->inner.padding[i]) + r - p->channels.shift[i] + c->padding[i] - u;
}

bool ork_phases_cut(const ork_convolution *c, ork_phases *phases) {
    ork_phases p = {.inner = *c};
    p.inner.algorithm = ORK_WINOGRAD, p.inner.input_type = ORK_F32;
    int channels = c->in_channels, outputs = c->out_channels, lacking = 0;
    for (int i = 0; i < 3; i++) {
        const int k = c->kernel[i], s = c->stride[i], pad = c->padding[i];
        p.channels.down[i] = p.up[i] = 1;
        if (c->dilation[i] != 1) return false;
        if (k == 1 && s == 1 && pad == 0) continue;
        if (k < 3 || k > 9 || s > 2) return false;
        p.channels.down[i] = 2, p.up[i] = 2 / s, p.channels.shift[i] = pad % 2;
        const int begin = (p.channels.shift[i] - pad) / 2, end = (p.up[i] - 1 + k - 1 - pad + p.channels.shift[i] + pad * 2) / 2 - pad;
        p.inner.kernel[i] = end - begin + 1, p.inner.padding[i] = -begin, p.inner.stride[i] = 1;
        p.inner.in_size[i] = (c->in_size[i] - 1 + p.channels.shift[i]) / 2 + 1;
        p.inner.out_size[i] = (c->out_size[i] + p.up[i] - 1) / p.up[i];
        lacking += s == 2 && tap_of(&p, c, i, 0, 1, end - begin) >= k;
        channels *= 2, outputs *= p.up[i];
    }
    // Long transforms in two bytes lose too much.
    if (outputs > 1 << 16 || c->type != ORK_F32) return false;
    p.channels.inputs = channels, p.channels.phases = channels / c->in_channels;
    p.inner.in_channels = (channels + 15) / 16 * 16, p.inner.out_channels = outputs;
    const int64_t pixels = (int64_t)p.inner.in_size[0] * p.inner.in_size[1] * p.inner.in_size[2];
    p.inner.input = (ork_strides){pixels * p.inner.in_channels, pixels * 16, 16};
    if (!ork_winograd_supported(&p.inner)) return false;
    const ork_winograd_plan plan = ork_winograd_cut(&p.inner, 1);
    p.channels.lacks = lacking == 3 && plan.n[0] > 1 && plan.n[1] == plan.n[2] && plan.n[1] <= 8;
    if (!p.channels.lacks) p.value_bytes = (size_t)pixels * (size_t)p.inner.in_channels * 4 * (size_t)c->batch;
    *phases = p;
    return true;
}

size_t ork_phases_packed_bytes(const ork_convolution *c) {
    ork_phases p;
    return ork_phases_cut(c, &p) ? ork_left_weight_bytes(&p.inner, &p.channels) : 0;
}

size_t ork_phases_scratch_bytes(const ork_convolution *c, int threads) {
    ork_phases p;
    if (!ork_phases_cut(c, &p)) return 0;
    return p.value_bytes + ork_winograd_scratch_bytes(&p.inner, threads);
}

int ork_phases_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    ork_phases p;
    if (!ork_phases_cut(c, &p)) return 1;
    const int *n = p.inner.kernel, *k = c->kernel, *up = p.up, *down = p.channels.down;
    const int ups = up[0] * up[1] * up[2], downs = down[0] * down[1] * down[2];
    const size_t taps = (size_t)(n[0] * n[1] * n[2]);
    float *spread = calloc((size_t)p.inner.out_channels * (size_t)p.inner.in_channels * taps, sizeof(float));
    if (!spread) return 1;
    for (int u = 0; u < ups; u++)
        for (int o = 0; o < weights.outputs; o++)
            for (int i = 0; i < weights.inputs; i++)
                for (int r = 0; r < downs; r++)
                    for (int q = 0; q < (int)taps; q++) {
                        const int z = tap_of(&p, c, 0, u / (up[1] * up[2]), r / (down[1] * down[2]), q / (n[1] * n[2]));
                        const int y = tap_of(&p, c, 1, u / up[2] % up[1], r / down[2] % down[1], q / n[2] % n[1]);
                        const int x = tap_of(&p, c, 2, u % up[2], r % down[2], q % n[2]);
                        if (z < 0 || z >= k[0] || y < 0 || y >= k[1] || x < 0 || x >= k[2]) continue;
                        const size_t to = ((size_t)(u * c->out_channels + o) * (size_t)p.inner.in_channels
                                              + (size_t)(i * downs + r)) * taps + (size_t)q;
                        const float factor = weights.factors ? weights.factors[o] : 1;
                        spread[to] = factor * weights.values[((((size_t)o * (size_t)weights.inputs + (size_t)i) * (size_t)k[0] + (size_t)z)
                                                 * (size_t)k[1] + (size_t)y) * (size_t)k[2] + (size_t)x];
                    }
    const ork_plain_weights inner = {spread, 0, p.inner.out_channels, p.inner.in_channels};
    const int status = ork_pack_left_weights(&p.inner, &p.channels, inner, packed);
    free(spread);
    return status;
}

typedef struct {
    const ork_convolution *c;
    const ork_phases *p;
    const float *input;
    float *values;
} work;

#if defined(__x86_64__)
// The same of as many positions from `x` on as there are pixels for. Returns the first that is left.
ORK_TARGET static int64_t gather_phases(
    const float *const rows[4], int64_t x, int64_t width, int shift, int64_t in_width, float *to) {
    const float *shifted[4];
    for (; x + 8 <= width && 2 * x >= shift && 2 * x - shift + 16 <= in_width; x += 8) {
        for (int i = 0; i < 4; i++) shifted[i] = rows[i] ? rows[i] + 2 * x - shift : 0;
        ork_eight_positions(shifted, 0, to + x * 16, 16);
    }
    return x;
}
#endif

// Eight phases of a plane along one row of positions.
static void gather_row(const float *const rows[4], int64_t width, int shift, int64_t in_width, float *to) {
    int64_t x = 0;
    while (x < width) {
#if defined(__x86_64__)
        const int64_t next = gather_phases(rows, x, width, shift, in_width, to);
        if (next > x) {
            x = next;
            continue;
        }
#endif
        for (int r = 0; r < 8; r++) {
            const int64_t w = 2 * x - shift + r % 2;
            to[x * 16 + r] = rows[r / 2] && w >= 0 && w < in_width ? rows[r / 2][w] : 0;
        }
        x++;
    }
}

// Channels that are read: behind the last input others may be, which are zero.
static int gathered(const ork_phases *p) {
#if defined(__x86_64__)
    return (p->channels.inputs + SLIM_NUMBERS - 1) / SLIM_NUMBERS * SLIM_NUMBERS;
#else
    return p->inner.in_channels;
#endif
}

// One row of positions at a time, channel by channel or by planes.
static void gather(void *data, int index, int parts) {
    const work *k = data;
    const ork_convolution *c = k->c, *inner = &k->p->inner;
    const int *down = k->p->channels.down, *shift = k->p->channels.shift, downs = down[0] * down[1] * down[2];
    const int64_t depth = inner->in_size[0], height = inner->in_size[1], width = inner->in_size[2];
    const int64_t rows = c->batch * depth * height, end = rows * (index + 1) / parts;
    const int channels = gathered(k->p);
    for (int64_t row = rows * index / parts; row < end; row++) {
        const int64_t y = row % height, z = row / height % depth, item = row / height / depth;
        float *const position = k->values + item * inner->input.item + (z * height + y) * width * 16;
        for (int channel = 0; channel < channels; channel += downs == 8 ? 8 : 1) {
            float *to = position + channel / 16 * inner->input.block + channel % 16;
            const int plane = channel / downs, first = channel % downs;
            const float *from[4];
            for (int i = 0; i < (downs == 8 ? 4 : 1); i++) {
                const int r = first + 2 * i;
                const int64_t d = z * down[0] + r / (down[1] * down[2]) - shift[0];
                const int64_t h = y * down[1] + r / down[2] % down[1] - shift[1];
                const int inside =
                    plane < c->in_channels && d >= 0 && d < c->in_size[0] && h >= 0 && h < c->in_size[1];
                from[i] = !inside ? 0
                                  : k->input + item * c->input.item + plane * c->input.block
                        + (d * c->in_size[1] + h) * c->in_size[2];
            }
            if (downs == 8) {
                gather_row(from, width, shift[2], c->in_size[2], to);
                continue;
            }
            int64_t w = first % down[2] - shift[2];
            for (int64_t x = 0; x < width; x++, w += down[2])
                to[x * 16] = from[0] && w >= 0 && w < c->in_size[2] ? from[0][w] : 0;
        }
    }
}

const float *ork_phases_gather(
    const ork_convolution *c, const ork_phases *p, const float *input, float *values, int threads) {
    if (p->value_bytes == 0) return input;
    work k = {c, p, input, values};
    ork_parallel(threads, gather, &k);
    return values;
}

int ork_phases_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    ork_phases p;
    if (!ork_phases_cut(c, &p)) return 1;
    return ork_winograd_run_phases(
        &p.inner, &p.channels, c, p.up, packed, bias, ork_phases_gather(c, &p, input, scratch, threads), residual, output,
        (char *)scratch + p.value_bytes, 0, threads);
}
