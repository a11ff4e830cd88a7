#include "form.h"
#include "columns.h"
#include <stdlib.h>
#include <string.h>
#include "direct.h"
#include "half.h"
#include "parallel.h"
#include "processor.h"

// Of one item: the convolution of columns.
static ork_convolution inner_of(const ork_convolution *c) {
    ork_convolution inner = *c;
    const bool tiles = ork_processor_features().amx_bf16 || c->variant == ORK_EMULATED;
    const int side = tiles ? 32 : 16;
    inner.algorithm = tiles ? ORK_TILES : ORK_DIRECT;
    inner.batch = 1;
    inner.input_type = ORK_BF16;
    inner.in_channels = (c->in_channels * c->kernel[2] + side - 1) / side * side;
    inner.in_size[2] = c->out_size[2];
    inner.kernel[2] = inner.stride[2] = inner.dilation[2] = 1;
    inner.padding[2] = 0;
    const int64_t pixels = (int64_t)inner.in_size[0] * inner.in_size[1] * inner.in_size[2];
    // Tiles want the inputs of a pixel side by side, vectors the neighbors of 16 inputs.
    inner.input = tiles ? (ork_strides){pixels * inner.in_channels, 16, inner.in_channels}
                        : (ork_strides){pixels * inner.in_channels, pixels * 16, 16};
    return inner;
}

bool ork_columns_supported(const ork_convolution *c) {
    return c->type == ORK_BF16 && c->in_channels * c->kernel[2] <= 128;
}

size_t ork_columns_packed_bytes(const ork_convolution *c) {
    const ork_convolution inner = inner_of(c);
    return ork_direct_packed_bytes(&inner);
}

// A row of each channel with its padding, rounded.
static int64_t row_length(const ork_convolution *c) {
    const int64_t last = (int64_t)(c->out_size[2] - 1) * c->stride[2] + (int64_t)(c->kernel[2] - 1) * c->dilation[2];
    return last + 8;
}

static size_t value_bytes(const ork_convolution *inner) {
    return (((size_t)inner->input.item * 2) + 63) & ~(size_t)63;
}

static size_t rows_bytes(const ork_convolution *c) {
    return (((size_t)c->in_channels * (size_t)row_length(c) * 2) + 63) & ~(size_t)63;
}

size_t ork_columns_scratch_bytes(const ork_convolution *c, int threads) {
    const ork_convolution inner = inner_of(c);
    const ork_direct_plan plan = ork_direct_cut(&inner, threads);
    return value_bytes(&inner) + rows_bytes(c) * (size_t)threads
        + (plan.panel_bytes + plan.segment_bytes + plan.sum_bytes) * (size_t)(plan.pixel_parts * plan.output_parts);
}

int ork_columns_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    const ork_convolution inner = inner_of(c);
    const size_t outputs = (size_t)weights.outputs, inputs = (size_t)weights.inputs;
    const size_t width = (size_t)c->kernel[2], taps = (size_t)(c->kernel[0] * c->kernel[1]);
    const size_t channels = inputs * width;
    float *turned = malloc(outputs * channels * taps * sizeof(float));
    if (!turned) return 1;
    for (size_t o = 0; o < outputs; o++)
        for (size_t i = 0; i < inputs; i++)
            for (size_t tap = 0; tap < taps; tap++)
                for (size_t x = 0; x < width; x++)
                    turned[(o * channels + i * width + x) * taps + tap] =
                        weights.values[((o * inputs + i) * taps + tap) * width + x];
    weights.values = turned, weights.inputs = (int)channels;
    ork_direct_pack(&inner, weights, packed);
    free(turned);
    return 0;
}

typedef struct {
    const ork_convolution *c, *inner;
    const float *input;
    uint16_t *values;
    char *rows;
} work;

// One channel's row: zeros, the inputs, zeros.
static void round_row(const ork_convolution *c, const float *from, uint16_t *to) {
    const int64_t length = row_length(c), before = c->padding[2];
    const int64_t end = before + c->in_size[2] < length ? before + c->in_size[2] : length;
    memset(to, 0, (size_t)length * 2);
    for (int64_t i = before; i < end; i++) to[i] = ork_half(from[i - before]);
}

// For every output column the inputs under the kernel's row, channel by channel.
static void gather(void *data, int index, int parts) {
    const work *k = data;
    const ork_convolution *c = k->c, *inner = k->inner;
    const int64_t length = row_length(c), lines = (int64_t)c->in_size[0] * c->in_size[1];
    const int64_t width = c->kernel[2], used = c->in_channels * width, columns = c->out_size[2];
    uint16_t *rows = (uint16_t *)(k->rows + (size_t)index * rows_bytes(c));
    uint16_t column[128 + 8];
    memset(column, 0, sizeof column);
    for (int64_t line = lines * index / parts; line < lines * (index + 1) / parts; line++) {
        for (int channel = 0; channel < c->in_channels; channel++)
            round_row(c, k->input + channel * c->input.block + line * c->in_size[2], rows + channel * length);
        for (int64_t x = 0; x < columns; x++) {
            for (int channel = 0; channel < c->in_channels; channel++) {
                const uint16_t *from = rows + channel * length + x * c->stride[2];
                uint16_t *to = column + channel * width;
                // Eight at once: what is too much is overwritten by the next channel, or below.
                if (width <= 8 && c->dilation[2] == 1)
                    memcpy(to, from, 16);
                else
                    for (int64_t tap = 0; tap < width; tap++) to[tap] = from[tap * c->dilation[2]];
            }
            memset(column + used, 0, 16);
            uint16_t *to = k->values + (line * columns + x) * inner->input.pixel;
            for (int32_t block = 0; block < inner->in_channels / 16; block++)
                memcpy(to + block * inner->input.block, column + block * 16, 32);
        }
    }
}

int ork_columns_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    const ork_convolution inner = inner_of(c);
    char *rows = (char *)scratch + value_bytes(&inner), *rest = rows + rows_bytes(c) * (size_t)threads;
    const size_t out = c->output_type == ORK_BF16 ? 2 : 4, sum = c->residual_type == ORK_BF16 ? 2 : 4;
    for (int64_t item = 0; item < c->batch; item++) {
        work k = {c, &inner, (const float *)input + item * c->input.item, scratch, rows};
        ork_parallel(threads, gather, &k);
        const int status = ork_direct_run(
            &inner, packed, bias, scratch,
            residual ? (const char *)residual + (size_t)(item * c->residual.item) * sum : 0,
            (char *)output + (size_t)(item * c->output.item) * out, rest, threads);
        if (status) return status;
    }
    return 0;
}
