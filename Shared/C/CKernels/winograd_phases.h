#pragma once
// The last transform of channels that are phases of planes: each point takes those that are left.
#include "winograd_work.h"

// from: point (z, y, x) of slices, rows and columns 64 bytes apart.
typedef struct {
    const work *k;
    const char *from;
    char *to;
    int64_t step, chunk_step, chunk;
    int parts;
} phase_lines;

// Of eight phases the `count` that are left, and zeros for `zeros` channels behind them.
ORK_LINE void store_phases(__m256 values, int count, __m256i order, char *to, int zeros) {
    const __m128 left = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(values, order));
    if (count == 8) _mm256_storeu_ps((float *)to, values);
    if (count == 4) _mm_storeu_ps((float *)to, left);
    if (count == 2) _mm_storel_pi((void *)to, left);
    if (count == 1) _mm_store_ss((float *)to, left);
    if (count < 4)
        for (int i = 0; i < zeros; i++) ((float *)to)[count + i] = 0;
}

// Where what is left of a plane stands.
static int64_t place_of_plane(int64_t plane, int count, int64_t chunk_step) {
    return plane * count / 16 * chunk_step + plane * count % 16 * 4;
}

// Lines of rows from y on and columns from x on which lack the same: `count` phases are left, half as many at infinity.
ORK_LINE void transform_phases_of(
    int n, const phase_lines *l, int y, int rows, int x, int columns, int count, int lacking) {
    const int *size = l->k->plan.n;
    const int64_t slice = (int64_t)size[1] * size[2], planes = l->k->channels->inputs / 8;
    const __m256i order = _mm256_loadu_si256((const void *)l->k->left[lacking].phases);
    const __m256i last_order = _mm256_loadu_si256((const void *)l->k->left[lacking | 1].phases);
    int64_t places[2], last_places[2];
    int zeros[2], last_zeros[2];
    for (int i = 0; i < 2; i++) {
        const int64_t plane = l->chunk * 2 + i;
        places[i] = place_of_plane(plane, count, l->chunk_step);
        last_places[i] = place_of_plane(plane, count / 2, l->chunk_step);
        // Inputs are multiplied four at a time.
        zeros[i] = plane + 1 == planes ? (int)(-(planes * count) & 3) : 0;
        last_zeros[i] = plane + 1 == planes ? (int)(-(planes * count / 2) & 3) : 0;
    }
    const int64_t from_slice = slice * 64, to_slice = slice * l->step;
    for (int i = y; i < y + rows; i++)
        for (int j = x; j < x + columns; j++)
            for (int part = 0; part < l->parts; part++) {
                const char *from = l->from + (i * size[2] + j) * 64;
                char *to = l->to + (i * size[2] + j) * l->step;
                slim d[ORK_MOST_LINE], v[ORK_MOST_LINE];
                EACH for (int z = 0; z < n; z++) d[z] = ork_load_slim(from + z * from_slice, part * SLIM_NUMBERS, ORK_F32);
                ork_points_of(n, d, v);
                EACH for (int z = 0; z < n; z++, to += to_slice)
                    EACH for (int half = 0; half < SLIM_NUMBERS / 8; half++) {
                        const int64_t in_chunk = part + half;
                        if (half > 0 && l->chunk * 2 + in_chunk >= planes) continue;
                        const __m256 values = slim_eight(v[z], half);
                        if (z == n - 1)
                            store_phases(values, count / 2, last_order, to + last_places[in_chunk], last_zeros[in_chunk]);
                        else
                            store_phases(values, count, order, to + places[in_chunk], zeros[in_chunk]);
                    }
            }
}

ORK_LINE void transform_phases(int n, const phase_lines *l) {
    const int rows = l->k->plan.n[1] - 1, columns = l->k->plan.n[2] - 1;
    transform_phases_of(n, l, 0, rows, 0, columns, 8, 0);
    transform_phases_of(n, l, rows, 1, 0, columns, 4, 2);
    transform_phases_of(n, l, 0, rows, columns, 1, 4, 4);
    transform_phases_of(n, l, rows, 1, columns, 1, 2, 6);
}

ORK_TARGET __attribute__((noinline)) static void transform_depth_of_phases(int n, const phase_lines *l) {
    switch (n) {
    case 4: transform_phases(4, l); break;
    case 6: transform_phases(6, l); break;
    case 7: transform_phases(7, l); break;
    case 8: transform_phases(8, l); break;
    case 11: transform_phases(11, l); break;
    }
}
