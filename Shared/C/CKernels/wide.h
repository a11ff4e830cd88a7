#pragma once
// Sixteen float32 at a time: one register of AVX-512, or two of AVX2 where ORK_NARROW is defined. The kernels that are
// written with these are compiled once for each (narrow/, forms.h).
#include <immintrin.h>
#include <stdint.h>

#define ORK_INLINE static inline __attribute__((always_inline))

#ifdef ORK_NARROW
#define ORK_TARGET __attribute__((target("avx2,fma,f16c")))
#define ORK_WIDE ORK_TARGET ORK_INLINE

typedef struct {
    __m256 low, high;
} wide;

ORK_WIDE wide wide_load(const float *from) { return (wide){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
ORK_WIDE wide wide_load_aligned(const float *from) { return (wide){_mm256_load_ps(from), _mm256_load_ps(from + 8)}; }
// Half precision.
ORK_WIDE wide wide_load_half(const uint16_t *from) {
    return (wide){_mm256_cvtph_ps(_mm_loadu_si128((const void *)from)), _mm256_cvtph_ps(_mm_loadu_si128((const void *)(from + 8)))};
}
ORK_WIDE void wide_store(float *to, wide v) { _mm256_storeu_ps(to, v.low), _mm256_storeu_ps(to + 8, v.high); }
ORK_WIDE void wide_store_aligned(float *to, wide v) { _mm256_store_ps(to, v.low), _mm256_store_ps(to + 8, v.high); }
ORK_WIDE wide wide_all(float x) { return (wide){_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
ORK_WIDE wide wide_zero(void) { return (wide){_mm256_setzero_ps(), _mm256_setzero_ps()}; }
ORK_WIDE wide wide_add(wide a, wide b) { return (wide){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
ORK_WIDE wide wide_sub(wide a, wide b) { return (wide){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
ORK_WIDE wide wide_mul(wide a, wide b) { return (wide){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
// a * b + c, and c - a * b
ORK_WIDE wide wide_fma(wide a, wide b, wide c) {
    return (wide){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
ORK_WIDE wide wide_fnma(wide a, wide b, wide c) {
    return (wide){_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}
// The larger one; b where either is not a number.
ORK_WIDE wide wide_max(wide a, wide b) { return (wide){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
// a unless it is at most b: so that what is not a number wins.
ORK_WIDE wide wide_above(wide a, wide b) {
    return (wide){
        _mm256_blendv_ps(b.low, a.low, _mm256_cmp_ps(a.low, b.low, _CMP_NLE_UQ)),
        _mm256_blendv_ps(b.high, a.high, _mm256_cmp_ps(a.high, b.high, _CMP_NLE_UQ))};
}
// g where x is above zero or not a number, else zero.
ORK_WIDE wide wide_where_positive(wide x, wide g) {
    const __m256 zero = _mm256_setzero_ps();
    return (wide){
        _mm256_and_ps(_mm256_cmp_ps(x.low, zero, _CMP_NLE_UQ), g.low),
        _mm256_and_ps(_mm256_cmp_ps(x.high, zero, _CMP_NLE_UQ), g.high)};
}
// One where a > b, else other.
ORK_WIDE wide wide_where_greater(wide a, wide b, wide one, wide other) {
    return (wide){
        _mm256_blendv_ps(other.low, one.low, _mm256_cmp_ps(a.low, b.low, _CMP_GT_OQ)),
        _mm256_blendv_ps(other.high, one.high, _mm256_cmp_ps(a.high, b.high, _CMP_GT_OQ))};
}
// Whole numbers from 0 to 255.
ORK_WIDE void wide_store_bytes(uint8_t *to, wide v) {
    const __m256i low = _mm256_cvtps_epi32(v.low), high = _mm256_cvtps_epi32(v.high);
    const __m128i first = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    const __m128i second = _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
    _mm_storeu_si128((void *)to, _mm_packus_epi16(first, second));
}
// g where a byte is this one, else zero.
ORK_WIDE wide wide_where_byte(const uint8_t *bytes, int byte, wide g) {
    const __m256i wanted = _mm256_set1_epi32((uint8_t)byte);
    const __m256i low = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes));
    const __m256i high = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(bytes + 8)));
    return (wide){
        _mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(low, wanted)), g.low),
        _mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(high, wanted)), g.high)};
}
// Numbers `apart` floats apart.
ORK_WIDE wide wide_gather(const float *from, int32_t apart) {
    const __m256i steps = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(apart));
    return (wide){_mm256_i32gather_ps(from, steps, 4), _mm256_i32gather_ps(from + 8 * (int64_t)apart, steps, 4)};
}

// One register, of which sixteen numbers take SLIM_PARTS: what needs many values at once goes through them one after
// another.
typedef __m256 slim;
enum { SLIM_PARTS = 2, SLIM_NUMBERS = 8 };

ORK_WIDE slim slim_load(const float *from) { return _mm256_loadu_ps(from); }
ORK_WIDE void slim_store(float *to, slim v) { _mm256_storeu_ps(to, v); }
ORK_WIDE slim slim_all(float x) { return _mm256_set1_ps(x); }
ORK_WIDE slim slim_zero(void) { return _mm256_setzero_ps(); }
ORK_WIDE slim slim_add(slim a, slim b) { return _mm256_add_ps(a, b); }
ORK_WIDE slim slim_sub(slim a, slim b) { return _mm256_sub_ps(a, b); }
ORK_WIDE slim slim_mul(slim a, slim b) { return _mm256_mul_ps(a, b); }
ORK_WIDE slim slim_fma(slim a, slim b, slim c) { return _mm256_fmadd_ps(a, b, c); }
ORK_WIDE slim slim_fnma(slim a, slim b, slim c) { return _mm256_fnmadd_ps(a, b, c); }
ORK_WIDE slim slim_and(slim a, slim b) { return _mm256_and_ps(a, b); }
// All bits, or none.
ORK_WIDE slim slim_bits(bool all) { return _mm256_castsi256_ps(_mm256_set1_epi32(all ? -1 : 0)); }
ORK_WIDE slim slim_max(slim a, slim b) { return _mm256_max_ps(a, b); }
// Eight of its numbers.
ORK_WIDE __m256 slim_eight(slim v, int which) { return v; }
// Without what is negative; what is not a number stays so, with a positive sign.
ORK_WIDE slim slim_rectified(slim v) {
    return _mm256_and_ps(_mm256_max_ps(_mm256_setzero_ps(), v), _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff)));
}
// The larger one of what is rectified, by their bits: what is not a number wins.
ORK_WIDE slim slim_largest(slim a, slim b) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}
#else
#define ORK_AVX512 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"
#define ORK_AVX512_BF16 ORK_AVX512 ",avx512bf16"
#define ORK_TARGET __attribute__((target(ORK_AVX512_BF16)))
#define ORK_WIDE ORK_TARGET ORK_INLINE

typedef __m512 wide;

ORK_WIDE wide wide_load(const float *from) { return _mm512_loadu_ps(from); }
ORK_WIDE wide wide_load_aligned(const float *from) { return _mm512_load_ps(from); }
// Half precision.
ORK_WIDE wide wide_load_half(const uint16_t *from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)from));
}
ORK_WIDE void wide_store(float *to, wide v) { _mm512_storeu_ps(to, v); }
ORK_WIDE void wide_store_aligned(float *to, wide v) { _mm512_store_ps(to, v); }
ORK_WIDE wide wide_all(float x) { return _mm512_set1_ps(x); }
ORK_WIDE wide wide_zero(void) { return _mm512_setzero_ps(); }
ORK_WIDE wide wide_add(wide a, wide b) { return _mm512_add_ps(a, b); }
ORK_WIDE wide wide_sub(wide a, wide b) { return _mm512_sub_ps(a, b); }
ORK_WIDE wide wide_mul(wide a, wide b) { return _mm512_mul_ps(a, b); }
// a * b + c, and c - a * b
ORK_WIDE wide wide_fma(wide a, wide b, wide c) { return _mm512_fmadd_ps(a, b, c); }
ORK_WIDE wide wide_fnma(wide a, wide b, wide c) { return _mm512_fnmadd_ps(a, b, c); }
// The larger one; b where either is not a number.
ORK_WIDE wide wide_max(wide a, wide b) { return _mm512_max_ps(a, b); }
// a unless it is at most b: so that what is not a number wins.
ORK_WIDE wide wide_above(wide a, wide b) {
    return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ), a);
}
// g where x is above zero or not a number, else zero.
ORK_WIDE wide wide_where_positive(wide x, wide g) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NLE_UQ), g);
}
// One where a > b, else other.
ORK_WIDE wide wide_where_greater(wide a, wide b, wide one, wide other) {
    return _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), one);
}
// Whole numbers from 0 to 255.
ORK_WIDE void wide_store_bytes(uint8_t *to, wide v) {
    _mm_storeu_si128((void *)to, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}
// g where a byte is this one, else zero.
ORK_WIDE wide wide_where_byte(const uint8_t *bytes, int byte, wide g) {
    const __m128i found = _mm_loadu_si128((const void *)bytes);
    return _mm512_maskz_mov_ps(_mm_cmpeq_epi8_mask(found, _mm_set1_epi8((char)byte)), g);
}
// Numbers `apart` floats apart.
ORK_WIDE wide wide_gather(const float *from, int32_t apart) {
    const __m512i steps = _mm512_mullo_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(apart));
    return _mm512_i32gather_ps(steps, from, 4);
}

typedef __m512 slim;
enum { SLIM_PARTS = 1, SLIM_NUMBERS = 16 };

ORK_WIDE slim slim_load(const float *from) { return wide_load(from); }
ORK_WIDE void slim_store(float *to, slim v) { wide_store(to, v); }
ORK_WIDE slim slim_all(float x) { return wide_all(x); }
ORK_WIDE slim slim_zero(void) { return wide_zero(); }
ORK_WIDE slim slim_add(slim a, slim b) { return wide_add(a, b); }
ORK_WIDE slim slim_sub(slim a, slim b) { return wide_sub(a, b); }
ORK_WIDE slim slim_mul(slim a, slim b) { return wide_mul(a, b); }
ORK_WIDE slim slim_fma(slim a, slim b, slim c) { return wide_fma(a, b, c); }
ORK_WIDE slim slim_fnma(slim a, slim b, slim c) { return wide_fnma(a, b, c); }
ORK_WIDE slim slim_and(slim a, slim b) { return _mm512_and_ps(a, b); }
ORK_WIDE slim slim_bits(bool all) { return _mm512_castsi512_ps(_mm512_set1_epi32(all ? -1 : 0)); }
ORK_WIDE slim slim_max(slim a, slim b) { return wide_max(a, b); }
ORK_WIDE slim slim_rectified(slim v) {
    return _mm512_and_ps(_mm512_max_ps(_mm512_setzero_ps(), v), _mm512_castsi512_ps(_mm512_set1_epi32(0x7fffffff)));
}
ORK_WIDE slim slim_largest(slim a, slim b) {
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}
ORK_WIDE __m256 slim_eight(slim v, int which) {
    return which ? _mm512_extractf32x8_ps(v, 1) : _mm512_castps512_ps256(v);
}
#endif
