#pragma once
// Sixteen float32 at a time: one register of AVX-512, or two of AVX2 where ORK_NARROW is defined. The kernels that are
// written with these are compiled once for each (narrow/, forms.h).
#include <immintrin.h>
#include <stdint.h>

#define ORK_INLINE static inline __attribute__((always_inline))

#ifdef ORK_NARROW
#define ORK_TARGET __attribute__((target("avx2,fma")))
#define ORK_WIDE ORK_TARGET ORK_INLINE

typedef struct {
    __m256 low, high;
} wide;

ORK_WIDE wide wide_load(const float *from) { return (wide){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
ORK_WIDE wide wide_load_aligned(const float *from) { return (wide){_mm256_load_ps(from), _mm256_load_ps(from + 8)}; }
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
// Numbers `apart` floats apart.
ORK_WIDE wide wide_gather(const float *from, int32_t apart) {
    const __m256i steps = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(apart));
    return (wide){_mm256_i32gather_ps(from, steps, 4), _mm256_i32gather_ps(from + 8 * (int64_t)apart, steps, 4)};
}
#else
#define ORK_AVX512 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define ORK_AVX512_BF16 ORK_AVX512 ",avx512bf16"
#define ORK_TARGET __attribute__((target(ORK_AVX512_BF16)))
#define ORK_WIDE ORK_TARGET ORK_INLINE

typedef __m512 wide;

ORK_WIDE wide wide_load(const float *from) { return _mm512_loadu_ps(from); }
ORK_WIDE wide wide_load_aligned(const float *from) { return _mm512_load_ps(from); }
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
// Numbers `apart` floats apart.
ORK_WIDE wide wide_gather(const float *from, int32_t apart) {
    const __m512i steps = _mm512_mullo_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(apart));
    return _mm512_i32gather_ps(steps, from, 4);
}
#endif
