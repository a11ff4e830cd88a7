#include "form.h"
#include "strided.h"
#include <stdlib.h>
#include <string.h>
#include "vectors.h"

bool ork_strided_cut(const ork_convolution *c, ork_strided *strided) {
    if (c->variant != 1 || c->in_channels % 16 || c->input_type != ORK_F32 || c->type == ORK_BF16) return false;
    ork_strided s = {.inner = *c, .channels = {c->in_channels * 8, 8, {2, 2, 2}, true, true}};
    s.inner.variant = ORK_SHORTEST, s.inner.in_channels = c->in_channels * 8;
    for (int i = 0; i < 3; i++) {
        if (c->kernel[i] != 3 || c->stride[i] != 2 || c->padding[i] != 1 || c->dilation[i] != 1) return false;
        s.inner.kernel[i] = 2, s.inner.stride[i] = 1, s.inner.padding[i] = 0;
    }
    *strided = s;
    return true;
}

size_t ork_strided_packed_bytes(const ork_convolution *c) {
    ork_strided s;
    return ork_strided_cut(c, &s) ? ork_left_weight_bytes(&s.inner, &s.channels) : 0;
}

size_t ork_strided_scratch_bytes(const ork_convolution *c, int threads) {
    ork_strided s;
    return ork_strided_cut(c, &s) ? ork_winograd_scratch_bytes(&s.inner, threads) : 0;
}

// Weights of some outputs to those of the phases' channels. Output o reads pixels 2 o - 1 + t: of phase r position o + q,
// where t is 2 q + r.
static void spread_out(const ork_plain_weights *weights, size_t channels, float *to) {
    const size_t inputs = (size_t)weights->inputs, each = channels / 8;
    memset(to, 0, (size_t)weights->outputs * channels * 8 * sizeof *to);
    for (size_t o = 0; o < (size_t)weights->outputs; o++)
        for (size_t r = 0; r < 8; r++)
            for (size_t i = 0; i < inputs; i++)
                for (size_t q = 0; q < 8; q++) {
                    const size_t z = q / 4 * 2 + r / 4, y = q / 2 % 2 * 2 + r / 2 % 2, x = q % 2 * 2 + r % 2;
                    if (z > 2 || y > 2 || x > 2) continue;
                    to[(o * channels + r * each + i) * 8 + q] =
                        weights->values[(o * inputs + i) * 27 + (z * 3 + y) * 3 + x];
                }
}

int ork_strided_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    ork_strided s;
    if (!ork_strided_cut(c, &s)) return 1;
    // Some outputs at a time, so that not much more memory is touched than stays.
    enum { TOGETHER = 32 };
    float *spread = malloc((size_t)TOGETHER * (size_t)s.inner.in_channels * 8 * sizeof *spread);
    if (!spread) return 1;
    int status = 0;
    for (int first = 0; first < c->out_channels && status == 0; first += TOGETHER) {
        const int left = c->out_channels - first, given = weights.outputs - first;
        s.inner.out_channels = left < TOGETHER ? left : TOGETHER;
        ork_plain_weights some = {
            given > 0 ? weights.values + (size_t)first * (size_t)weights.inputs * 27 : weights.values,
            given > 0 && weights.factors ? weights.factors + first : 0,
            given < 0 ? 0 : given < TOGETHER ? given : TOGETHER, weights.inputs};
        spread_out(&some, (size_t)s.inner.in_channels, spread);
        some.values = spread, some.inputs = s.inner.in_channels;
        status = ork_pack_left_weights(&s.inner, &s.channels, some, packed);
        packed = (char *)packed + ork_left_weight_bytes(&s.inner, &s.channels);
    }
    free(spread);
    return status;
}

int ork_strided_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    ork_strided s;
    if (!ork_strided_cut(c, &s)) return 1;
    return ork_winograd_run_phases(
        &s.inner, &s.channels, c, (const int[3]){1, 1, 1}, packed, bias, input, residual, output, scratch, 0, threads);
}
