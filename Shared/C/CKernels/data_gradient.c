#include "form.h"
#include <stdlib.h>
#include "gradients.h"

int ork_data_gradient(const ork_convolution *forward, ork_convolution *back) {
    if (!forward || !back || forward->algorithm == ORK_PLANAR) return 1;
    ork_convolution b = *forward;
    b.in_channels = forward->out_channels, b.out_channels = forward->in_channels;
    b.input_type = forward->output_type, b.output_type = forward->input_type;
    b.input = forward->output, b.output = b.residual = forward->input;
    b.relu = 0;
    for (int i = 0; i < 3; i++) {
        if (forward->stride[i] != 1) return 1;
        b.in_size[i] = forward->out_size[i], b.out_size[i] = forward->in_size[i];
        b.padding[i] = forward->dilation[i] * (forward->kernel[i] - 1) - forward->padding[i];
        if (b.padding[i] < 0) return 1;
    }
    *back = b;
    return 0;
}

int ork_data_gradient_pack(const ork_convolution *back, const float *weights, int outputs, int inputs, void *packed) {
    if (!back || !weights || outputs < 1 || inputs < 1) return 1;
    const size_t taps = (size_t)back->kernel[0] * (size_t)back->kernel[1] * (size_t)back->kernel[2];
    float *turned = malloc((size_t)outputs * (size_t)inputs * taps * sizeof(float));
    if (!turned) return 1;
    for (size_t o = 0; o < (size_t)outputs; o++)
        for (size_t i = 0; i < (size_t)inputs; i++)
            for (size_t t = 0; t < taps; t++)
                turned[(i * (size_t)outputs + o) * taps + t] = weights[(o * (size_t)inputs + i) * taps + taps - 1 - t];
    const int status = ork_convolution_pack(back, (ork_plain_weights){turned, 0, inputs, outputs}, packed);
    free(turned);
    return status;
}
