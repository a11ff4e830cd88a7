#include "form.h"
#include "convolution.h"
#include "columns.h"
#include "direct.h"
#include "phases.h"
#include "processor.h"
#include "strided.h"
#include "vectors.h"
#include "winograd.h"

static bool valid_type(int32_t type) { return type == ORK_F32 || type == ORK_BF16; }
static bool valid_weights(int32_t type) { return valid_type(type) || type == ORK_F16; }

static bool valid_shape(const ork_convolution *c) {
    if (c->batch < 1 || c->in_channels < 1 || c->out_channels < 16 || c->out_channels % 16) return false;
    for (int i = 0; i < 3; i++) {
        if (c->in_size[i] < 1 || c->out_size[i] < 1 || c->kernel[i] < 1 || c->stride[i] < 1) return false;
        if (c->dilation[i] < 1 || c->padding[i] < 0) return false;
        const int64_t most = 1 << 20;
        if (c->in_size[i] > most || c->out_size[i] > most || c->kernel[i] > 1024 || c->stride[i] > 1024) return false;
        if (c->dilation[i] > 1024 || c->padding[i] > most) return false;
    }
    return (int64_t)c->kernel[0] * c->kernel[1] * c->kernel[2] <= 1 << 16;
}

static bool is_strided(const ork_convolution *c) {
    ork_strided strided;
    return ork_strided_cut(c, &strided);
}

bool ork_convolution_supported(const ork_convolution *c) {
    if (!c || !valid_weights(c->type) || !valid_type(c->input_type)) return false;
    if (!valid_type(c->output_type) || !valid_type(c->residual_type) || !valid_shape(c)) return false;
    const ork_processor processor = ork_processor_features();
    if (!ORK_HAS_VECTORS(processor)) return false;
    const bool half = c->type == ORK_BF16 || c->output_type == ORK_BF16;
    if (half && !processor.avx512_bf16) return false;
    switch (c->algorithm) {
    case ORK_DIRECT: return c->in_channels % 16 == 0 && c->input_type == ork_value_type(c->type);
    case ORK_WINOGRAD: return c->variant >= 0 && c->variant <= 2 && (ork_winograd_supported(c) || is_strided(c));
    case ORK_TILES:
        return c->in_channels % 16 == 0 && c->type == ORK_BF16 && c->input_type == ORK_BF16
            && (processor.amx_bf16 || c->variant == ORK_EMULATED);
    case ORK_PLANAR: {
        if (c->in_channels > 8 || c->input_type != ORK_F32 || c->input.pixel != 1) return false;
        if (c->variant < 0 || c->variant > ORK_DEEP) return false;
        ork_phases phases;
        return c->type == ORK_BF16 ? ork_columns_supported(c) : ork_phases_cut(c, &phases);
    }
    default: return false;
    }
}

size_t ork_convolution_packed_bytes(const ork_convolution *c) {
    if (!ork_convolution_supported(c)) return 0;
    switch (c->algorithm) {
    case ORK_WINOGRAD: return is_strided(c) ? ork_strided_packed_bytes(c) : ork_winograd_packed_bytes(c);
    case ORK_PLANAR: return c->type == ORK_BF16 ? ork_columns_packed_bytes(c) : ork_phases_packed_bytes(c);
    default: return ork_direct_packed_bytes(c);
    }
}

size_t ork_convolution_scratch_bytes(const ork_convolution *c, int threads) {
    if (!ork_convolution_supported(c)) return 0;
    if (c->algorithm == ORK_WINOGRAD)
        return is_strided(c) ? ork_strided_scratch_bytes(c, threads) : ork_winograd_scratch_bytes(c, threads);
    if (c->algorithm == ORK_PLANAR && c->type == ORK_BF16) return ork_columns_scratch_bytes(c, threads);
    if (c->algorithm == ORK_PLANAR) return ork_phases_scratch_bytes(c, threads);
    const ork_direct_plan plan = ork_direct_cut(c, threads);
    return (plan.panel_bytes + plan.segment_bytes + plan.sum_bytes) * (size_t)(plan.pixel_parts * plan.output_parts);
}

int ork_convolution_pack(const ork_convolution *c, ork_plain_weights weights, void *packed) {
    if (!ork_convolution_supported(c) || !weights.values || !packed) return 1;
    if (weights.outputs < 1 || weights.outputs > c->out_channels) return 1;
    if (weights.inputs < 1 || weights.inputs > c->in_channels) return 1;
    if (c->algorithm == ORK_WINOGRAD)
        return is_strided(c) ? ork_strided_pack(c, weights, packed) : ork_winograd_pack(c, weights, packed);
    else if (c->algorithm == ORK_PLANAR && c->type == ORK_BF16)
        return ork_columns_pack(c, weights, packed);
    else if (c->algorithm == ORK_PLANAR)
        return ork_phases_pack(c, weights, packed);
    else
        ork_direct_pack(c, weights, packed);
    return 0;
}

int ork_convolution_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads) {
    if (!ork_convolution_supported(c) || !packed || !input || !output || !scratch || threads < 1) return 1;
    if (c->algorithm == ORK_WINOGRAD && is_strided(c))
        return ork_strided_run(c, packed, bias, input, residual, output, scratch, threads);
    if (c->algorithm == ORK_WINOGRAD)
        return ork_winograd_run(c, packed, bias, input, residual, output, scratch, threads);
    if (c->algorithm == ORK_PLANAR && c->type == ORK_BF16)
        return ork_columns_run(c, packed, bias, input, residual, output, scratch, threads);
    if (c->algorithm == ORK_PLANAR) return ork_phases_run(c, packed, bias, input, residual, output, scratch, threads);
    return ork_direct_run(c, packed, bias, input, residual, output, scratch, threads);
}

int ork_convolution_run_parts(
    const ork_convolution *c, const void *input, const ork_output_part *parts, int count, void *scratch, int threads) {
    if (!ork_convolution_supported(c) || !input || !parts || count < 1 || !scratch || threads < 1) return 1;
    if (c->algorithm != ORK_DIRECT && c->algorithm != ORK_TILES) return 1;
    int64_t channels = 0;
    for (int i = 0; i < count; i++) {
        if (!parts[i].packed || !parts[i].output || parts[i].out_channels < 16 || parts[i].out_channels % 16) return 1;
        channels += (parts[i].out_channels + 31) / 32 * 32;
    }
    if (channels != c->out_channels) return 1;
    return ork_direct_run_parts(c, input, 0, parts, count, scratch, threads);
}

size_t ork_convolution_pooled_scratch_bytes(const ork_convolution *c, int threads) {
    if (!ork_convolution_supported(c) || c->algorithm != ORK_PLANAR) return 0;
    return ork_phases_pooled_scratch_bytes(c, threads);
}

int ork_convolution_run_pooled(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, void *output, void *scratch,
    int threads) {
    if (!ork_convolution_supported(c) || c->algorithm != ORK_PLANAR || threads < 1) return 1;
    if (!packed || !input || !output || !scratch) return 1;
    return ork_phases_run_pooled(c, packed, bias, input, output, scratch, threads);
}
