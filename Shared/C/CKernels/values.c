#include "values.h"
#include "processor.h"

#if defined(__x86_64__)
#include "parallel.h"
#include "vectors.h"

static bool supported(const ork_values *v) {
    if (!v || (v->type != ORK_F32 && v->type != ORK_BF16)) return false;
    return v->batch > 0 && v->pixels > 0 && v->channels >= 16 && v->channels % 16 == 0;
}

static bool writable(const ork_values *v) {
    const ork_processor processor = ork_processor_features();
    return supported(v) && processor.avx512 && (v->type == ORK_F32 || processor.avx512_bf16);
}

static bool alike(const ork_values *a, const ork_values *b) {
    return a->batch == b->batch && a->channels == b->channels && a->pixels == b->pixels;
}

// Work is cut into stretches of one item's block.
enum { STRETCH = 512 };

typedef struct {
    const ork_values *to, *a, *b;
    char *result;
    const void *av, *bv;
    const float *scale, *shift;
    int relu;
    int channels;  // of planes
    const float *from_planes;
    float *to_planes;
} work;

typedef struct {
    int64_t item, block, first, count;
} stretch;

static int64_t stretches(const ork_values *v) {
    return v->batch * (int64_t)(v->channels / 16) * ((v->pixels + STRETCH - 1) / STRETCH);
}

static stretch numbered(const ork_values *v, int64_t number) {
    const int64_t each = (v->pixels + STRETCH - 1) / STRETCH, blocks = v->channels / 16;
    stretch s = {number / each / blocks, number / each % blocks, number % each * STRETCH, STRETCH};
    if (s.first + s.count > v->pixels) s.count = v->pixels - s.first;
    return s;
}

static int64_t place(const ork_values *v, const stretch *s) {
    return s->item * v->strides.item + s->block * v->strides.block + s->first * v->strides.pixel;
}

__attribute__((target(ORK_AVX512_BF16))) ORK_INLINE void affine(
    const work *k, const stretch *s, int type, int a_type, int b_type, int with_b) {
    int64_t to = place(k->to, s), a = place(k->a, s), b = with_b ? place(k->b, s) : 0;
    const int64_t step = k->to->strides.pixel, a_step = k->a->strides.pixel, b_step = with_b ? k->b->strides.pixel : 0;
    const __m512 scale = k->scale ? _mm512_loadu_ps(k->scale + s->block * 16) : _mm512_set1_ps(1);
    const __m512 shift = k->shift ? _mm512_loadu_ps(k->shift + s->block * 16) : _mm512_set1_ps(-0.0f);
    const __m512 floor = _mm512_set1_ps(k->relu ? 0.0f : -__builtin_inff());
    for (int64_t p = 0; p < s->count; p++, to += step, a += a_step, b += b_step) {
        __m512 v = _mm512_fmadd_ps(scale, ork_load16(k->av, a, a_type), shift);
        if (with_b) v = _mm512_add_ps(v, ork_load16(k->bv, b, b_type));
        ork_store16(k->result, to, type, _mm512_max_ps(floor, v));
    }
}

__attribute__((target(ORK_AVX512_BF16))) static void affine_part(void *data, int index, int parts) {
    const work *k = data;
    const int64_t all = stretches(k->to), end = all * (index + 1) / parts;
    for (int64_t i = all * index / parts; i < end; i++) {
        const stretch s = numbered(k->to, i);
        const int types = (k->to->type == ORK_BF16) * 4 + (k->a->type == ORK_BF16) * 2 + (k->b && k->b->type == ORK_BF16);
        if (!k->b) switch (types) {
            case 0: affine(k, &s, ORK_F32, ORK_F32, ORK_F32, 0); break;
            case 2: affine(k, &s, ORK_F32, ORK_BF16, ORK_F32, 0); break;
            case 4: affine(k, &s, ORK_BF16, ORK_F32, ORK_F32, 0); break;
            default: affine(k, &s, ORK_BF16, ORK_BF16, ORK_F32, 0); break;
            }
        else if (types == 0)
            affine(k, &s, ORK_F32, ORK_F32, ORK_F32, 1);
        else if (types == 7)
            affine(k, &s, ORK_BF16, ORK_BF16, ORK_BF16, 1);
        else
            affine(k, &s, k->to->type, k->a->type, k->b->type, 1);
    }
}

int ork_values_affine(
    const ork_values *description, void *result, const ork_values *a_description, const void *a, const float *scale,
    const float *shift, const ork_values *b_description, const void *b, int relu, int threads) {
    if (!writable(description) || !supported(a_description) || !result || !a || threads < 1) return 1;
    if (!alike(description, a_description) || (b && (!supported(b_description) || !alike(description, b_description))))
        return 1;
    work k = {
        .to = description, .a = a_description, .b = b ? b_description : 0, .result = result, .av = a, .bv = b,
        .scale = scale, .shift = shift, .relu = relu};
    const int64_t most = stretches(description);
    ork_parallel(threads < most ? threads : (int)most, affine_part, &k);
    return 0;
}

__attribute__((target(ORK_AVX512_BF16))) static void mean_part(void *data, int index, int parts) {
    const work *k = data;
    const ork_values *v = k->a;
    const int64_t blocks = v->channels / 16, all = v->batch * blocks, end = all * (index + 1) / parts;
    for (int64_t i = all * index / parts; i < end; i++) {
        int64_t at = i / blocks * v->strides.item + i % blocks * v->strides.block;
        // Partial sums of a stretch each keep long sums exact.
        __m512 total = _mm512_setzero_ps();
        for (int64_t first = 0; first < v->pixels; first += STRETCH) {
            const int64_t end_pixel = first + STRETCH < v->pixels ? first + STRETCH : v->pixels;
            __m512 sum = _mm512_setzero_ps();
            for (int64_t p = first; p < end_pixel; p++, at += v->strides.pixel)
                sum = _mm512_add_ps(sum, ork_load16(k->av, at, v->type));
            total = _mm512_add_ps(total, sum);
        }
        _mm512_storeu_ps(k->to_planes + i * 16, _mm512_div_ps(total, _mm512_set1_ps((float)v->pixels)));
    }
}

int ork_values_mean(const ork_values *description, const void *values, float *means, int threads) {
    if (!supported(description) || !ork_processor_features().avx512 || !values || !means || threads < 1) return 1;
    work k = {.a = description, .av = values, .to_planes = means};
    ork_parallel(threads, mean_part, &k);
    return 0;
}

// Sixteen rows of sixteen, rows for columns.
__attribute__((target(ORK_AVX512))) static void transpose(__m512 r[16]) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm512_shuffle_ps(t[i + j], t[i + 2 + j], 0x44);
            r[i + 2 * j + 1] = _mm512_shuffle_ps(t[i + j], t[i + 2 + j], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

__attribute__((target(ORK_AVX512_BF16))) static void from_planes_part(void *data, int index, int parts) {
    const work *k = data;
    const ork_values *v = k->to;
    const int64_t all = stretches(v), end = all * (index + 1) / parts;
    for (int64_t i = all * index / parts; i < end; i++) {
        const stretch s = numbered(v, i);
        int64_t to = place(v, &s);
        for (int64_t p = 0; p < s.count; p += 16) {
            const int64_t width = s.count - p < 16 ? s.count - p : 16;
            const __mmask16 mask = (__mmask16)((1u << width) - 1);
            __m512 r[16];
            for (int c = 0; c < 16; c++) {
                const int64_t channel = s.block * 16 + c;
                const int64_t at = (s.item * k->channels + channel) * v->pixels + s.first + p;
                r[c] = channel < k->channels ? _mm512_maskz_loadu_ps(mask, k->from_planes + at) : _mm512_setzero_ps();
            }
            transpose(r);
            for (int64_t j = 0; j < width; j++, to += v->strides.pixel) ork_store16(k->result, to, v->type, r[j]);
        }
    }
}

__attribute__((target(ORK_AVX512_BF16))) static void to_planes_part(void *data, int index, int parts) {
    const work *k = data;
    const ork_values *v = k->a;
    const int64_t all = stretches(v), end = all * (index + 1) / parts;
    for (int64_t i = all * index / parts; i < end; i++) {
        const stretch s = numbered(v, i);
        int64_t from = place(v, &s);
        for (int64_t p = 0; p < s.count; p += 16) {
            const int64_t width = s.count - p < 16 ? s.count - p : 16;
            const __mmask16 mask = (__mmask16)((1u << width) - 1);
            __m512 r[16];
            for (int64_t j = 0; j < 16; j++) {
                r[j] = j < width ? ork_load16(k->av, from, v->type) : _mm512_setzero_ps();
                if (j < width) from += v->strides.pixel;
            }
            transpose(r);
            for (int c = 0; c < 16 && s.block * 16 + c < k->channels; c++)
                _mm512_mask_storeu_ps(
                    k->to_planes + (s.item * k->channels + s.block * 16 + c) * v->pixels + s.first + p, mask, r[c]);
        }
    }
}

int ork_values_from_planes(
    const ork_values *description, void *values, const float *planes, int channels, int threads) {
    if (!writable(description) || !values || !planes || threads < 1) return 1;
    if (channels < 1 || channels > description->channels) return 1;
    work k = {.to = description, .result = values, .from_planes = planes, .channels = channels};
    ork_parallel(threads, from_planes_part, &k);
    return 0;
}

int ork_values_to_planes(
    const ork_values *description, const void *values, float *planes, int channels, int threads) {
    if (!supported(description) || !ork_processor_features().avx512 || !values || !planes || threads < 1) return 1;
    if (channels < 1 || channels > description->channels) return 1;
    work k = {.a = description, .av = values, .to_planes = planes, .channels = channels};
    ork_parallel(threads, to_planes_part, &k);
    return 0;
}
#else
int ork_values_affine(
    const ork_values *description, void *result, const ork_values *a_description, const void *a, const float *scale,
    const float *shift, const ork_values *b_description, const void *b, int relu, int threads) {
    return 1;
}
int ork_values_mean(const ork_values *description, const void *values, float *means, int threads) { return 1; }
int ork_values_from_planes(
    const ork_values *description, void *values, const float *planes, int channels, int threads) {
    return 1;
}
int ork_values_to_planes(
    const ork_values *description, const void *values, float *planes, int channels, int threads) {
    return 1;
}
#endif
