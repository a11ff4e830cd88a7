// The form of each kernel that this processor takes: see form.h.
#include "gradients.h"
#include "pooling.h"
#include "processor.h"
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
    (const ork_convolution *c, const float *weights, int outputs, int inputs, void *packed),
    (c, weights, outputs, inputs, packed))
EITHER(
    int, ork_convolution_run,
    (const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
     void *output, void *scratch, int threads),
    (c, packed, bias, input, residual, output, scratch, threads))
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
    (const ork_convolution *forward, const float *input, const float *output_gradient, float *gradient, int outputs,
     int inputs, void *scratch, int threads),
    (forward, input, output_gradient, gradient, outputs, inputs, scratch, threads))
EITHER(
    int, ork_winograd_pack_tiles,
    (const ork_convolution *c, ork_weights w, const float *tiles, bool turned, void *packed, int threads),
    (c, w, tiles, turned, packed, threads))

EITHER(bool, ork_pooling_supported, (const ork_pooling *p), (p))
EITHER(
    int, ork_pooling_run, (const ork_pooling *p, const void *input, void *output, int threads),
    (p, input, output, threads))
