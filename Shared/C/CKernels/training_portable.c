#include "include/training_portable.h"

#include <string.h>

// For each row of the patch matrix and each output row: where in the input column 0 lies, or nothing where the row
// lies outside of the input; and which columns lie inside it.
#define EACH_PATCH_ROW(inside, outside)                                                                             \
    const int *size = w->in_size, *out = w->out_size;                                                               \
    const size_t plane_size = (size_t)size[1] * size[2], channel_size = plane_size * size[0];                        \
    for (int channel = 0; channel < channels; channel++)                                                            \
        for (int a = 0; a < w->kernel[0]; a++)                                                                      \
            for (int b = 0; b < w->kernel[1]; b++)                                                                  \
                for (int c = 0; c < w->kernel[2]; c++) {                                                            \
                    const int shift = c * w->dilation[2] - w->padding[2], step = w->stride[2];                      \
                    int first = shift >= 0 ? 0 : (-shift + step - 1) / step;                                        \
                    int last = shift >= size[2] ? 0 : (size[2] - 1 - shift) / step + 1;                             \
                    if (last > out[2]) last = out[2];                                                               \
                    if (first > last) first = last;                                                                 \
                    for (int row = first_row; row < last_row; row++, patch += out[2]) {                             \
                        const int plane = row / out[1] * w->stride[0] + a * w->dilation[0] - w->padding[0];         \
                        const int line = row % out[1] * w->stride[1] + b * w->dilation[1] - w->padding[1];          \
                        if (plane < 0 || plane >= size[0] || line < 0 || line >= size[1]) {                         \
                            outside;                                                                                \
                            continue;                                                                               \
                        }                                                                                           \
                        const ptrdiff_t start = (ptrdiff_t)(channel * channel_size + plane * plane_size) +          \
                                                (ptrdiff_t)line * size[2] + shift;                                  \
                        inside;                                                                                     \
                    }                                                                                               \
                }

void ork_training_patches(
    const ork_windows *w, const float *source, int channels, int first_row, int last_row, float *patch) {
    EACH_PATCH_ROW(
        {
            for (int i = 0; i < first; i++) patch[i] = 0;
            if (step == 1)
                memcpy(patch + first, source + start + first, (size_t)(last - first) * sizeof(float));
            else
                for (int i = first; i < last; i++) patch[i] = source[start + (ptrdiff_t)i * step];
            for (int i = last; i < out[2]; i++) patch[i] = 0;
        },
        memset(patch, 0, (size_t)out[2] * sizeof(float)))
}

void ork_training_unpatch(
    const ork_windows *w, const float *patch, int channels, int first_row, int last_row, float *target) {
    EACH_PATCH_ROW({ for (int i = first; i < last; i++) target[start + (ptrdiff_t)i * step] += patch[i]; }, (void)0)
}

void ork_training_moments(const float *source, ork_channel shape, double *mean, double *squares) {
    double sum = 0, total = 0;
    for (size_t item = 0; item < shape.items; item++)
        sum += ork_training_sum(source + item * shape.stride, shape.count);
    const double center = sum / (double)(shape.items * shape.count);
    for (size_t item = 0; item < shape.items; item++) {
        const float *x = source + item * shape.stride;
        for (size_t i = 0; i < shape.count; i++) total += (x[i] - center) * (x[i] - center);
    }
    *mean = center;
    *squares = total;
}

void ork_training_scale(const float *source, float *target, ork_channel shape, double scale, double shift) {
    for (size_t item = 0; item < shape.items; item++) {
        const float *x = source + item * shape.stride;
        float *y = target + item * shape.stride;
        for (size_t i = 0; i < shape.count; i++) y[i] = (float)(x[i] * scale + shift);
    }
}

void ork_training_slopes(
    const float *source, const float *gradient, ork_channel shape, double mean, double *sum, double *product) {
    double s = 0, p = 0;
    for (size_t item = 0; item < shape.items; item++) {
        const float *x = source + item * shape.stride, *g = gradient + item * shape.stride;
        for (size_t i = 0; i < shape.count; i++) {
            s += g[i];
            p += g[i] * (x[i] - mean);
        }
    }
    *sum = s;
    *product = p;
}

void ork_training_normalize_back(
    const float *source, const float *gradient, float *target, ork_channel shape, double mean, double scale,
    double offset, double slope) {
    for (size_t item = 0; item < shape.items; item++) {
        const float *x = source + item * shape.stride, *g = gradient + item * shape.stride;
        float *t = target + item * shape.stride;
        for (size_t i = 0; i < shape.count; i++) t[i] += (float)(scale * (g[i] - offset - (x[i] - mean) * slope));
    }
}

void ork_training_relu(const float *source, float *target, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] = source[i] < 0 ? 0 : source[i];
}

void ork_training_relu_back(const float *result, const float *gradient, float *target, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] += result[i] > 0 ? gradient[i] : 0;
}

void ork_training_add(const float *first, const float *second, float *target, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] = first[i] + second[i];
}

void ork_training_accumulate(const float *source, float factor, float *target, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] += source[i] * factor;
}

double ork_training_sum(const float *source, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += source[i];
    return sum;
}
