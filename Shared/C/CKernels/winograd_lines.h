#pragma once
// The transforms along one line. Points in the order 0 (of an even number), +a, -a, +b, -b, +c, -c, infinity.
#include "vectors.h"
#include "winograd.h"

#define ORK_LINE ORK_WIDE

// Of as many channels as one register has: a line of two registers each would not stay in them.
#define V1(x) slim_all((float)(x))
#define EACH _Pragma("clang loop unroll(full)")

static const float ork_points[ORK_MOST_LINE - 2][ORK_MOST_PAIRS] = ORK_POINTS;

// Elementary symmetric polynomials of the squares of `count` points but the one at `without`, highest power first.
ORK_LINE void ork_symmetric(const float *points, int count, int without, float *s) {
    s[0] = 1;
    EACH for (int i = 1; i <= count; i++) s[i] = 0;
    EACH for (int j = 0; j < count; j++) {
        if (j == without) continue;
        EACH for (int i = count; i > 0; i--) s[i] += s[i - 1] * points[j] * points[j];
    }
}

// sum of (-1)^i s[i] d[top - 2 i], i = 0...count
ORK_LINE slim ork_alternating(const float *s, int count, const slim *d, int top) {
    slim sum = d[top];
    EACH for (int i = 1; i <= count; i++)
        sum = i % 2 ? slim_fnma(V1(s[i]), d[top - 2 * i], sum) : slim_fma(V1(s[i]), d[top - 2 * i], sum);
    return sum;
}

// n inputs to n points: each point's row is the product of (x - q) over all other finite points q.
ORK_LINE void ork_points_of(int n, const slim *d, slim *v) {
    const int pairs = (n - 1) / 2, zero = n % 2 == 0;
    const float *points = ork_points[n - 3];
    float s[ORK_MOST_PAIRS + 1];
    EACH for (int j = 0; j < pairs; j++) {
        ork_symmetric(points, pairs, j, s);
        const slim even = ork_alternating(s, pairs - 1, d, n - 2), odd = ork_alternating(s, pairs - 1, d, n - 3);
        v[zero + 2 * j] = slim_fma(V1(points[j]), odd, even);
        v[zero + 1 + 2 * j] = slim_fnma(V1(points[j]), odd, even);
    }
    ork_symmetric(points, pairs, -1, s);
    if (zero) v[0] = ork_alternating(s, pairs, d, n - 2);
    v[n - 1] = ork_alternating(s, pairs, d, n - 1);
}

// n points to m outputs: output i is the sum of the points' values times point^i; infinity has the last one only.
ORK_LINE void ork_outputs_of(int n, int m, const slim *x, slim *y) {
    const int pairs = (n - 1) / 2, zero = n % 2 == 0;
    const float *points = ork_points[n - 3];
    float power[ORK_MOST_PAIRS] = {1, 1, 1, 1, 1};
    slim sums[ORK_MOST_PAIRS], differences[ORK_MOST_PAIRS];
    EACH for (int j = 0; j < pairs; j++) {
        sums[j] = slim_add(x[zero + 2 * j], x[zero + 1 + 2 * j]);
        differences[j] = slim_sub(x[zero + 2 * j], x[zero + 1 + 2 * j]);
    }
    EACH for (int i = 0; i < m; i++) {
        const slim *both = i % 2 ? differences : sums;
        slim sum = i > 0 ? slim_mul(V1(power[0]), both[0]) : zero ? slim_add(x[0], both[0]) : both[0];
        power[0] *= points[0];
        EACH for (int j = 1; j < pairs; j++) {
            sum = slim_fma(V1(power[j]), both[j], sum);
            power[j] *= points[j];
        }
        y[i] = i == m - 1 ? slim_add(sum, x[n - 1]) : sum;
    }
}
