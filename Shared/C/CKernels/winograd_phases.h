#pragma once
// One tile's window of planes to points: phases are gathered as they are transformed, and each point takes those that are
// left.
#include <string.h>
#include "phase_positions.h"
#include "winograd_work.h"

// Positions of a row that are gathered at once, of which a tile has at most as many.
enum { ORK_POSITIONS = 8, ORK_PLANES = SLIM_NUMBERS / 8 };

// Where a tile begins in a plane, maybe outside of it.
typedef struct {
    int64_t pixel[3];
    __m128i inside[4];  // which of sixteen pixels of a row there are
    bool is_whole;      // all
} planar_window;

static planar_window window_of_planes(const work *k, const place *tile) {
    planar_window window = {.is_whole = true};
    for (int i = 0; i < 3; i++)
        window.pixel[i] = 2 * (tile->out[i] - k->c->padding[i]) - k->channels->shift[i];
    int32_t inside[16];
    for (int x = 0; x < 16; x++) {
        const int64_t at = window.pixel[2] + x;
        inside[x] = at >= 0 && at < k->outer->in_size[2] ? -1 : 0, window.is_whole &= inside[x] != 0;
    }
    memcpy(window.inside, inside, sizeof inside);
    return window;
}

// Slice z of a tile's positions of `count` planes: [row][ORK_POSITIONS][SLIM_NUMBERS].
ORK_LINE void gather_slice(
    const work *k, const planar_window *window, const __m128i *inside, const float *plane, int count, int z, float *to) {
    const ork_convolution *c = k->outer;
    for (int y = 0; y < k->plan.n[1]; y++)
        for (int i = 0; i < count; i++) {
            const float *rows[4];
            for (int r = 0; r < 4; r++) {
                const int64_t d = window->pixel[0] + 2 * z + r / 2, h = window->pixel[1] + 2 * y + r % 2;
                const bool exists = d >= 0 && d < c->in_size[0] && h >= 0 && h < c->in_size[1];
                const int64_t row = i * c->input.block + (d * c->in_size[1] + h) * c->in_size[2];
                rows[r] = exists ? plane + row + window->pixel[2] : 0;
                const char *next = (const char *)(plane + row + window->pixel[2] + 2 * c->in_size[1] * c->in_size[2]);
                _mm_prefetch(next, _MM_HINT_T0), _mm_prefetch(next + 60, _MM_HINT_T0);
            }
            ork_eight_positions(rows, inside, to + y * ORK_POSITIONS * SLIM_NUMBERS + i * 8, SLIM_NUMBERS);
        }
}

// Of eight phases the `count` that are left, and zeros for `zeros` channels behind them, fewer than four.
ORK_LINE void store_phases(__m256 values, int count, __m256i order, float *to, int zeros) {
    const __m128 left = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(values, order));
    if (count == 8) _mm256_storeu_ps(to, values);
    if (count == 4) _mm_storeu_ps(to, left);
    if (count == 2) _mm_storel_pi((void *)to, left);
    if (count == 1) _mm_store_ss(to, left);
    if (count < 4) {
        if (zeros & 1) _mm_store_ss(to + count, _mm_setzero_ps());
        if (zeros & 2) _mm_storel_pi((void *)(to + count + (zeros & 1)), _mm_setzero_ps());
    }
}

// Points of `planes` planes from `first` on, [z][y][x][SLIM_NUMBERS] but for the last transform, of tile `index` in a set of
// `width`, whose values begin at `to`.
typedef struct {
    const work *k;
    const float *from;
    char *to;
    int64_t first, index, width;
    int planes;
} phase_lines;

// Lines of rows from y on and columns from x on which lack the same: `count` phases are left, half as many at infinity.
ORK_LINE void transform_phases_of(
    int n, const phase_lines *l, int y, int rows, int x, int columns, int count, int lacking) {
    const work *k = l->k;
    const int *size = k->plan.n;
    const int64_t slice = (int64_t)size[1] * size[2], all = k->channels->inputs / 8;
    const __m256i order = _mm256_loadu_si256((const void *)k->left[lacking].phases);
    const __m256i last_order = _mm256_loadu_si256((const void *)k->left[lacking | 1].phases);
    const int64_t row = l->index * k->inputs[lacking].rows, last_row = l->index * k->inputs[lacking | 1].rows;
    const int64_t to_slice = l->width * (k->values[slice] - k->values[0]);
    for (int i = y; i < y + rows; i++)
        for (int j = x; j < x + columns; j++) {
            const int64_t point = i * size[2] + j;
            char *to = l->to + l->width * k->values[point];
            float *const last = (float *)(l->to + l->width * k->values[(n - 1) * slice + point]) + last_row;
            for (int part = 0; part * ORK_PLANES < l->planes; part++) {
                const float *from = l->from + (part * n * slice + point) * SLIM_NUMBERS;
                slim d[ORK_MOST_LINE], v[ORK_MOST_LINE];
                EACH for (int z = 0; z < n; z++) d[z] = slim_load(from + z * slice * SLIM_NUMBERS);
                ork_points_of(n, d, v);
                for (int p = 0; p < ORK_PLANES; p++) {
                    if (part * ORK_PLANES + p == l->planes) break;
                    const int64_t plane = l->first + part * ORK_PLANES + p;
                    // Inputs are multiplied four at a time.
                    const int zeros = plane + 1 == all ? (int)(-(all * count) & 3) : 0;
                    const int last_zeros = plane + 1 == all ? (int)(-(all * count / 2) & 3) : 0;
                    char *at = to;
                    EACH for (int z = 0; z < n - 1; z++, at += to_slice)
                        store_phases(slim_eight(v[z], p), count, order, (float *)at + row + plane * count, zeros);
                    store_phases(slim_eight(v[n - 1], p), count / 2, last_order, last + plane * count / 2, last_zeros);
                }
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
    ORK_ALIGNED_FRAME
    switch (n) {
    case 4: transform_phases(4, l); break;
    case 6: transform_phases(6, l); break;
    case 7: transform_phases(7, l); break;
    case 8: transform_phases(8, l); break;
    case 11: transform_phases(11, l); break;
    }
}

// Tile `index` of a set of `width`, whose values begin at `to`. line: points of one part of the channels.
ORK_TARGET static void analyse_planes_of_phases(
    const work *k, const place *tile, float *line, char *to, int64_t index, int64_t width) {
    const int *n = k->plan.n;
    const int64_t slice = (int64_t)n[1] * n[2] * SLIM_NUMBERS;
    const planar_window window = window_of_planes(k, tile);
    const int planes = k->channels->inputs / 8;
    float positions[ORK_POSITIONS * ORK_POSITIONS * SLIM_NUMBERS] __attribute__((aligned(64)));
    enum { TOGETHER = 32 / SLIM_NUMBERS * ORK_PLANES };
    for (int first = 0; first < planes; first += TOGETHER) {
        const int together = planes - first < TOGETHER ? planes - first : TOGETHER;
        for (int from = 0; from < together; from += ORK_PLANES) {
            const int count = together - from < ORK_PLANES ? together - from : ORK_PLANES;
            const float *plane = (const float *)k->input + tile->item * k->outer->input.item + (first + from) * k->outer->input.block;
            float *const points = line + from / ORK_PLANES * n[0] * slice;
            if (count < ORK_PLANES) memset(positions, 0, sizeof positions);
            for (int z = 0; z < n[0]; z++) {
                if (window.is_whole)
                    gather_slice(k, &window, 0, plane, count, z, positions);
                else
                    gather_slice(k, &window, window.inside, plane, count, z, positions);
                ork_plane_points(
                    n[1], 1, (const char *)positions, ORK_POSITIONS * SLIM_NUMBERS * 4, SLIM_NUMBERS * 4, 0,
                    (char *)(points + z * slice), SLIM_NUMBERS * 4, ORK_F32);
            }
        }
        const phase_lines lines = {k, line, to, first, index, width, together};
        transform_depth_of_phases(n[0], &lines);
    }
}
