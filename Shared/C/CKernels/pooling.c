#include "form.h"
#include "pooling.h"
#include "processor.h"

bool ork_pooling_supported(const ork_pooling *p) {
    if (!p || p->kind < ORK_MAXIMUM || p->kind > ORK_AVERAGE_PADDED || p->batch < 1) return false;
    if (p->channels < 16 || p->channels % 16) return false;
    if ((p->input_type != ORK_F32 && p->input_type != ORK_BF16) || (p->output_type != ORK_F32 && p->output_type != ORK_BF16))
        return false;
    for (int i = 0; i < 3; i++) {
        if (p->in_size[i] < 1 || p->out_size[i] < 1 || p->kernel[i] < 1 || p->stride[i] < 1) return false;
        if (p->padding[i] < 0 || p->padding[i] >= p->kernel[i]) return false;
        // Every window begins inside: a window without pixels has neither maximum nor mean.
        const int64_t last = (int64_t)(p->out_size[i] - 1) * p->stride[i] - p->padding[i];
        if (last >= p->in_size[i]) return false;
    }
    const ork_processor processor = ork_processor_features();
    return ORK_HAS_VECTORS(processor) && (p->output_type == ORK_F32 || processor.avx512_bf16);
}

#if defined(__x86_64__)
#include "parallel.h"
#include "vectors.h"

typedef struct {
    const ork_pooling *p;
    const char *input;
    char *output;
} work;

typedef struct {
    int begin, end, counted;  // inside of the input; and counted with the padding
} range;

static range window(const ork_pooling *p, int dimension, int out) {
    const int first = out * p->stride[dimension] - p->padding[dimension], size = p->in_size[dimension];
    const int last = first + p->kernel[dimension], padded = size + p->padding[dimension];
    return (range){first < 0 ? 0 : first, last > size ? size : last, (last > padded ? padded : last) - first};
}

// One row of outputs of some blocks, which lie side by side where channels are last.
ORK_WIDE void pool_row(
    const work *k, int64_t first, int64_t to, range d, range h, int64_t start, int64_t blocks, int type,
    int maximum) {
    const ork_pooling *p = k->p;
    const float *shift = p->shift ? p->shift + start * 16 : 0;
    const wide floor = wide_all(p->relu ? 0.0f : -__builtin_inff());
    const int slices = d.end - d.begin, rows = h.end - h.begin;
    const int64_t pixel = p->input.pixel, row = pixel * p->in_size[2], slice = row * p->in_size[1];
    for (int out = 0; out < p->out_size[2]; out++, to += p->output.pixel) {
        const range w = window(p, 2, out);
        const int columns = w.end - w.begin;
        const int64_t inside = (int64_t)slices * rows * columns, all = (int64_t)d.counted * h.counted * w.counted;
        const wide share = wide_all(1 / (float)(p->kind == ORK_AVERAGE_INSIDE ? inside : all));
        const int64_t corner = first + d.begin * slice + h.begin * row + w.begin * pixel;
        for (int64_t block = 0; block < blocks; block++) {
            wide v = wide_all(maximum ? -__builtin_inff() : 0);
            for (int z = 0; z < slices; z++)
                for (int y = 0; y < rows; y++) {
                    int64_t at = corner + block * p->input.block + z * slice + y * row;
                    for (int x = 0; x < columns; x++, at += pixel) {
                        const wide value = ork_load16(k->input, at, type);
                        if (maximum) {
                            // What is not a number wins, as in other frameworks.
                            v = wide_above(value, v);
                        } else {
                            v = wide_add(v, value);
                        }
                    }
                }
            if (!maximum) v = wide_mul(v, share);
            if (shift) v = wide_add(v, wide_load(shift + block * 16));
            v = wide_max(floor, v);  // in this order what is not a number stays so
            ork_store16(k->output, to + block * p->output.block, p->output_type, v);
        }
    }
}

ORK_TARGET static void part(void *data, int index, int parts) {
    const work *k = data;
    const ork_pooling *p = k->p;
    const int64_t height = p->out_size[1], depth = p->out_size[0], blocks = p->channels / 16;
    // Blocks side by side share cache lines; a few of them leave the window's rows in the first-level cache.
    const int64_t wide = p->input.block == 16 ? 8 : 1, groups = (blocks + wide - 1) / wide;
    const int64_t rows = p->batch * groups * depth * height, end = rows * (index + 1) / parts;
    for (int64_t r = rows * index / parts; r < end; r++) {
        const int64_t y = r % height, z = r / height % depth, block = r / height / depth % groups * wide;
        const int64_t item = r / height / depth / groups, count = blocks - block < wide ? blocks - block : wide;
        const int64_t from = item * p->input.item + block * p->input.block;
        const int64_t to = item * p->output.item + block * p->output.block
            + (z * height + y) * p->out_size[2] * p->output.pixel;
        const range d = window(p, 0, (int)z), h = window(p, 1, (int)y);
        if (p->kind == ORK_MAXIMUM && p->input_type == ORK_F32)
            pool_row(k, from, to, d, h, block, count, ORK_F32, 1);
        else if (p->kind == ORK_MAXIMUM)
            pool_row(k, from, to, d, h, block, count, ORK_BF16, 1);
        else if (p->input_type == ORK_F32)
            pool_row(k, from, to, d, h, block, count, ORK_F32, 0);
        else
            pool_row(k, from, to, d, h, block, count, ORK_BF16, 0);
    }
}

int ork_pooling_run(const ork_pooling *p, const void *input, void *output, int threads) {
    if (!ork_pooling_supported(p) || !input || !output || threads < 1) return 1;
    work k = {p, input, output};
    ork_parallel(threads, part, &k);
    return 0;
}
#else
int ork_pooling_run(const ork_pooling *p, const void *input, void *output, int threads) { return 1; }
#endif
