#pragma once
// The transforms along one line. Points in the order 0, +a, -a, +b, -b, +c, -c, infinity.
#include "vectors.h"
#include "winograd.h"

#define ORK_LINE __attribute__((target(ORK_AVX512_BF16))) ORK_INLINE

#define V1(x) _mm512_set1_ps((float)(x))

// n inputs to n points.
ORK_LINE void ork_points_of(int n, const __m512 *d, __m512 *v) {
    const double a = ORK_POINT_A, b = ORK_POINT_B, c = ORK_POINT_C, A = a * a, B = b * b, C = c * c;
    if (n == 4) {
        const __m512 odd = a == 1 ? d[1] : _mm512_mul_ps(V1(a), d[1]);
        v[0] = _mm512_fnmadd_ps(V1(A), d[0], d[2]);
        v[1] = _mm512_add_ps(d[2], odd), v[2] = _mm512_sub_ps(d[2], odd);
        v[3] = _mm512_fnmadd_ps(V1(A), d[1], d[3]);
    } else if (n == 6) {
        const __m512 e = _mm512_fnmadd_ps(V1(B), d[2], d[4]), f = _mm512_fnmadd_ps(V1(B), d[1], d[3]);
        v[1] = _mm512_fmadd_ps(V1(a), f, e), v[2] = _mm512_fnmadd_ps(V1(a), f, e);
        const __m512 g = _mm512_fnmadd_ps(V1(A), d[2], d[4]), h = _mm512_fnmadd_ps(V1(A), d[1], d[3]);
        v[3] = _mm512_fmadd_ps(V1(b), h, g), v[4] = _mm512_fnmadd_ps(V1(b), h, g);
        // The ends: (x^2 - A)(x^2 - B), what stands above for one factor used again.
        v[0] = _mm512_fnmadd_ps(V1(B), _mm512_fnmadd_ps(V1(A), d[0], d[2]), g);
        v[5] = _mm512_fnmadd_ps(V1(B), h, _mm512_fnmadd_ps(V1(A), d[3], d[5]));
    } else {
        const __m512 e = _mm512_fmadd_ps(V1(B * C), d[2], _mm512_fnmadd_ps(V1(B + C), d[4], d[6]));
        const __m512 f = _mm512_fmadd_ps(V1(B * C), d[1], _mm512_fnmadd_ps(V1(B + C), d[3], d[5]));
        v[1] = _mm512_fmadd_ps(V1(a), f, e), v[2] = _mm512_fnmadd_ps(V1(a), f, e);
        const __m512 g = _mm512_fmadd_ps(V1(A * C), d[2], _mm512_fnmadd_ps(V1(A + C), d[4], d[6]));
        const __m512 h = _mm512_fmadd_ps(V1(A * C), d[1], _mm512_fnmadd_ps(V1(A + C), d[3], d[5]));
        v[3] = _mm512_fmadd_ps(V1(b), h, g), v[4] = _mm512_fnmadd_ps(V1(b), h, g);
        const __m512 i = _mm512_fmadd_ps(V1(A * B), d[2], _mm512_fnmadd_ps(V1(A + B), d[4], d[6]));
        const __m512 j = _mm512_fmadd_ps(V1(A * B), d[1], _mm512_fnmadd_ps(V1(A + B), d[3], d[5]));
        v[5] = _mm512_fmadd_ps(V1(c), j, i), v[6] = _mm512_fnmadd_ps(V1(c), j, i);
        const double s1 = A + B + C, s2 = A * B + A * C + B * C, s3 = A * B * C;
        v[0] = _mm512_fmadd_ps(
            V1(s2), d[2], _mm512_fnmadd_ps(V1(s1), d[4], _mm512_fnmadd_ps(V1(s3), d[0], d[6])));
        v[7] = _mm512_fmadd_ps(
            V1(s2), d[3], _mm512_fnmadd_ps(V1(s1), d[5], _mm512_fnmadd_ps(V1(s3), d[1], d[7])));
    }
}

// n points to m outputs: output i is the sum of the points' values times point^i; infinity has the last one only.
ORK_LINE void ork_outputs_of(int n, int m, const __m512 *x, __m512 *y) {
    const double points[3] = {ORK_POINT_A, ORK_POINT_B, ORK_POINT_C};
    double power[3] = {1, 1, 1};
    _Pragma("clang loop unroll(full)") for (int i = 0; i < m; i++) {
        __m512 sum = i == 0 ? x[0] : V1(0);
        _Pragma("clang loop unroll(full)") for (int j = 0; j < (n - 2) / 2; j++) {
            const __m512 p = x[1 + 2 * j], q = x[2 + 2 * j];
            const __m512 both = i % 2 ? _mm512_sub_ps(p, q) : _mm512_add_ps(p, q);
            sum = i > 0 && j == 0 ? (power[0] == 1 ? both : _mm512_mul_ps(V1(power[0]), both))
                : power[j] == 1   ? _mm512_add_ps(sum, both)
                                  : _mm512_fmadd_ps(V1(power[j]), both, sum);
            power[j] *= points[j];
        }
        y[i] = i == m - 1 ? _mm512_add_ps(sum, x[n - 1]) : sum;
    }
}
