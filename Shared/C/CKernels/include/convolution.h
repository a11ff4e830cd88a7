#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Convolutions in two and three dimensions (two dimensions are three with depth 1) for processors with AVX-512
// or (float32) AVX2, fused with what follows them: bias, residual sum, ReLU, conversion to bfloat16.
//
//   ork_convolution c = {...};                            // plain data; all sizes are depth, height, width
//   if (!ork_convolution_supported(&c)) ...               // another backend's turn
//   void *packed = 64-byte aligned, ork_convolution_packed_bytes(&c);
//   ork_convolution_pack(&c, weights, packed);            // once, from float32 [O, I, d, h, w]
//   void *scratch = 64-byte aligned, ork_convolution_scratch_bytes(&c, threads);
//   ork_convolution_run(&c, packed, bias, input, residual, output, scratch, threads);
//
// Values lie in blocks of 16 channels, addressed by three strides in elements: item, block, pixel. Rows and slices are
// dense in pixels (row = width * pixel, slice = height * width * pixel). So
//   blocked nCdhw16c    {C*D*H*W, D*H*W*16, 16}
//   channels last ndhwc {D*H*W*C, 16, C}
// and a part of a wider concatenation is a pointer into it with the wider value's strides. Channels are padded to a
// multiple of 16; the padding channels of the input must be finite (their weights are zero), those of the output are
// written (zero where bias and residual are). Pointers to values are aligned to their element; 64 bytes are faster.
//
// Sums are float32 throughout. Running allocates nothing and keeps no state; functions return 0, or nonzero where
// processor or description is not supported, in which case nothing was written. Threads are those of libgomp, the pool
// that oneDNN uses as well. Scratch and packed weights belong to one description; scratch also to a number of threads.
//
// Which algorithm and variant is fastest depends on shape and machine: measure. Largest rounding errors seen on sums of
// unit size, random shapes: direct 4e-6, Winograd and planar 1e-5 (float32 products). Winograd with bfloat16 products
// rounds between its transforms: check whether that is near enough. float32 products take bfloat16 inputs, too.
// With ORK_F16 as `type` the weights alone take half the memory, and are widened on their way into float32 products. They
// are rounded to eleven bits, and those beyond 65504 to that.

// ORK_F16: IEEE half precision, of weights only.
typedef enum { ORK_F32 = 0, ORK_BF16 = 1, ORK_F16 = 2 } ork_type;

typedef enum {
    ORK_DIRECT = 0,    // any shape; input of `type`
    ORK_PLANAR = 1,    // few channels (in_channels 1...8, not padded), float32 NCDHW planes: input.block is the stride
                       // from plane to plane, input.pixel is 1, output of either type. float32 products: kernel sizes
                       // 3...9 (or 1), stride 1 or 2, variants as below, and 3: longest along the depth, which rounds
                       // more (4e-5). bfloat16: any, on AMX where that is there
    ORK_WINOGRAD = 2,  // kernel sizes 1, 3, 5, 7 (not all 1), stride 1, dilation 1: fewer products, rounding larger.
                       // Input of either type, products in `type`. Variant 1: short transforms, closest to the direct
                       // sum, better on few pixels; 2: longer ones, fewer products. Variant 1 also takes kernels of 3
                       // in all dimensions with stride 2 and padding 1, float32 input, weights float32 or halved
    ORK_TILES = 3,     // any shape on AMX, everything of bfloat16 but the output; best with channels last
} ork_algorithm;

// Variant of what multiplies on AMX: its tiles in plain C, on any processor with bfloat16 products. Slow, for tests.
enum { ORK_EMULATED = 1 };

typedef struct {
    int64_t item, block, pixel;  // elements
} ork_strides;

typedef struct {
    int32_t algorithm;                  // ork_algorithm
    int32_t variant;                    // see ork_algorithm; 0 is each algorithm's own choice
    int32_t type;                       // of weights and products: ork_type
    int32_t input_type, output_type, residual_type;  // ork_type
    int32_t relu;                       // nonzero: negative sums become zero, after the residual sum
    int32_t batch;
    int32_t in_channels, out_channels;  // multiples of 16
    int32_t in_size[3], out_size[3];
    int32_t kernel[3], stride[3], padding[3], dilation[3];  // padding: before the first element; what lies behind the
                                                            // last one is whatever out_size asks for
    ork_strides input, output, residual;
} ork_convolution;

bool ork_convolution_supported(const ork_convolution *c);
size_t ork_convolution_packed_bytes(const ork_convolution *c);
size_t ork_convolution_scratch_bytes(const ork_convolution *c, int threads);

// Weights [outputs, inputs, kernel d, h, w], each output's times its factor.
typedef struct {
    const float *values;
    const float *factors;  // or NULL
    int32_t outputs, inputs;
} ork_plain_weights;

// Packs weights with outputs <= out_channels and inputs <= in_channels.
int ork_convolution_pack(const ork_convolution *c, ork_plain_weights weights, void *packed);

// bias: out_channels float32 values, or NULL. residual: or NULL.
int ork_convolution_run(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, const void *residual,
    void *output, void *scratch, int threads);

// Several convolutions of one input, with kernels of one form, in one go: each has outputs, weights and bias of its own.
// ORK_DIRECT and ORK_TILES, without residual. c->out_channels: the sum of the parts', each rounded up to a multiple of 32.
typedef struct {
    const void *packed;  // as ork_convolution_pack packs a convolution with so many output channels
    const float *bias;   // or NULL
    void *output;
    ork_strides output_strides;
    int32_t out_channels, relu;
} ork_output_part;

int ork_convolution_run_parts(
    const ork_convolution *c, const void *input, const ork_output_part *parts, int count, void *scratch, int threads);

// Followed by maxima over windows of three pixels, two apart, padded by one, in each dimension, as behind the first layer
// of a network: c->output is of the maxima, (out_size - 1) / 2 + 1 each. ORK_PLANAR with relu and float32 products, of
// longer transforms. Scratch bytes are 0 where that is not computed.
size_t ork_convolution_pooled_scratch_bytes(const ork_convolution *c, int threads);
int ork_convolution_run_pooled(
    const ork_convolution *c, const void *packed, const float *bias, const void *input, void *output, void *scratch,
    int threads);
