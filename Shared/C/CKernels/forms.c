// The form of each kernel that this processor takes: see form.h.
#include "gradients.h"
#include "pooling.h"
#include "processor.h"
#include "training_blocked.h"
#include "winograd_gradient.h"
#include "winograd_training.h"

static bool is_wide(void) { return ork_processor_features().avx512; }

#define EITHER(result, name, parameters, arguments)                                \
    result name##_wide parameters;                                                 \
    result name##_narrow parameters;                                               \
    result name parameters { return is_wide() ? name##_wide arguments : name##_narrow arguments; }

EITHER(bool, ork_convolution_supported, (const ork_convolution *c), (c))
EITHER(size_t, ork_convolution_packed_bytes, (const ork_convolution *c), (c))
EITHER(size_t, ork_convolution_scratch_bytes, (const ork_convolution *c, int threads), (c, threads))
EITHER(
    int, ork_convolution_pack,
    (const ork_convolution *c, ork_plain_weights weights, void *packed), (c, weights, packed))
EITHER(
    int, ork_convolution_run,
    (const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
     void *output, void *scratch, int threads),
    (c, packed, bias, input, residual, output, scratch, threads))
EITHER(size_t, ork_convolution_pooled_scratch_bytes, (const ork_convolution *c, int threads), (c, threads))
EITHER(
    int, ork_convolution_run_pooled,
    (const ork_convolution *c, const void *packed, const float *bias, const void *input, void *output, void *scratch,
     int threads),
    (c, packed, bias, input, output, scratch, threads))
EITHER(
    int, ork_convolution_run_parts,
    (const ork_convolution *c, const void *input, const ork_output_part *parts, int count, void *scratch, int threads),
    (c, input, parts, count, scratch, threads))

EITHER(int, ork_data_gradient, (const ork_convolution *forward, ork_convolution *back), (forward, back))
EITHER(
    int, ork_data_gradient_pack,
    (const ork_convolution *back, const float *weights, int outputs, int inputs, void *packed),
    (back, weights, outputs, inputs, packed))
EITHER(bool, ork_weight_gradient_supported, (const ork_convolution *forward), (forward))
EITHER(size_t, ork_weight_gradient_scratch_bytes, (const ork_convolution *forward, int threads), (forward, threads))
EITHER(
    int, ork_weight_gradient_run,
    (const ork_convolution *forward, const float *input, const float *output_gradient, float *gradient, void *scratch,
     int threads),
    (forward, input, output_gradient, gradient, scratch, threads))
EITHER(
    int, ork_winograd_pack_tiles,
    (const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads),
    (c, w, tiles, turned, packed, threads))

EITHER(bool, ork_winograd_gradient_preferred, (const ork_filter_gradient *c, int threads), (c, threads))
EITHER(size_t, ork_winograd_gradient_scratch_bytes, (const ork_filter_gradient *c, int threads), (c, threads))
EITHER(
    int, ork_winograd_gradient_run,
    (const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
     int threads),
    (c, input, output_gradient, gradient, scratch, threads))
EITHER(bool, ork_winograd_planes_gradient_preferred, (const ork_filter_gradient *c, int threads), (c, threads))
EITHER(size_t, ork_winograd_planes_gradient_scratch_bytes, (const ork_filter_gradient *c, int threads), (c, threads))
EITHER(
    int, ork_winograd_planes_gradient_run,
    (const ork_filter_gradient *c, const void *input, const void *output_gradient, float *gradient, void *scratch,
     int threads),
    (c, input, output_gradient, gradient, scratch, threads))

EITHER(bool, ork_pooling_supported, (const ork_pooling *p), (p))
EITHER(
    int, ork_pooling_run, (const ork_pooling *p, const void *input, void *output, int threads),
    (p, input, output, threads))

#define EITHER_DOES(name, parameters, arguments)  \
    void name##_wide parameters;                  \
    void name##_narrow parameters;                \
    void name parameters {                        \
        if (is_wide())                            \
            name##_wide arguments;                \
        else                                      \
            name##_narrow arguments;              \
    }

EITHER_DOES(
    ork_blocked_moments, (ork_blocked_shape s, ork_blocked x, float *partial, float *mean, float *squares),
    (s, x, partial, mean, squares))
EITHER_DOES(
    ork_blocked_normalize,
    (ork_blocked_shape s, ork_blocked x, ork_blocked residual, ork_blocked y, const float *scale, const float *shift,
     bool relu),
    (s, x, residual, y, scale, shift, relu))
EITHER_DOES(
    ork_blocked_slopes,
    (ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
     const float *mean, bool relu, float *partial, float *sum, float *product),
    (s, x, y, gradient, scale, shift, mean, relu, partial, sum, product))
EITHER_DOES(
    ork_blocked_normalize_back,
    (ork_blocked_shape s, ork_blocked x, ork_blocked y, ork_blocked gradient, const float *scale, const float *shift,
     const float *factor, const float *slope, const float *offset, bool relu, ork_blocked target,
     ork_blocked residual, bool accumulates),
    (s, x, y, gradient, scale, shift, factor, slope, offset, relu, target, residual, accumulates))
EITHER_DOES(ork_blocked_add, (ork_blocked_shape s, ork_blocked source, ork_blocked target), (s, source, target))
EITHER_DOES(ork_blocked_copy, (ork_blocked_shape s, ork_blocked source, ork_blocked target), (s, source, target))
EITHER_DOES(
    ork_blocked_max_pool,
    (ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y, uint8_t *places), (s, p, x, y, places))
EITHER_DOES(
    ork_blocked_average_pool, (ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y), (s, p, x, y))
EITHER_DOES(
    ork_blocked_pool_back,
    (ork_blocked_shape s, ork_training_pool p, const uint8_t *places, ork_blocked gradient, ork_blocked target,
     bool accumulates),
    (s, p, places, gradient, target, accumulates))
EITHER_DOES(
    ork_blocked_from_plain,
    (ork_blocked_shape s, const float *plain, int channels, ork_blocked target, bool accumulates),
    (s, plain, channels, target, accumulates))
EITHER_DOES(
    ork_blocked_to_plain, (ork_blocked_shape s, ork_blocked source, int channels, float *plain),
    (s, source, channels, plain))
EITHER_DOES(
    ork_training_narrow, (const float *source, uint16_t *target, int64_t count, int threads),
    (source, target, count, threads))
EITHER_DOES(
    ork_weights_convert,
    (ork_weights w, const float *blocked, const ork_weights_copy *copies, int count, int threads),
    (w, blocked, copies, count, threads))
