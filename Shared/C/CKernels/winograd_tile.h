#pragma once
// One tile between pixels and points: its window of the input to points, and points to its outputs.
#include <string.h>
#include "phase_channels.h"
#include "queue.h"
#include "winograd_planes.h"
#include "winograd_pool.h"

// What is multiplied at a point.
typedef struct {
    int64_t chunks, last;  // of the last chunk's inputs: a multiple of 4, 0 for all
} ork_point_inputs;

typedef struct {
    const ork_convolution *c, *outer;
    int up[3];
    ork_winograd_plan plan;
    const char *packed, *input;
    ork_sink sink;
    char *scratch;
    const ork_phase_channels *channels;
    uint8_t lacking[ORK_MOST_POINTS];
    // By what a point lacks.
    ork_phases_left left[8];
    ork_point_inputs inputs[8];
    ork_queue *queues;  // of tiles, one for each thread
    const ork_maxima *maxima; // instead of outputs, one for each thread; or NULL
} work;

ORK_LINE void transform(int n, int parts, const ork_lines *from, const ork_lines *to, int rows, int columns, int type) {
    const int64_t fe = from->element, te = to->element, fr = from->row, fc = from->column, tr = to->row, tc = to->column;
    const char *const f0 = from->at;
    char *const t0 = to->at;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int part = 0; part < parts; part++) {
                const char *f = f0 + i * fr + j * fc;
                char *t = t0 + i * tr + j * tc;
                slim d[ORK_MOST_LINE], v[ORK_MOST_LINE];
                EACH for (int k = 0; k < n; k++) d[k] = ork_load_slim(f + k * fe, part * SLIM_NUMBERS, ORK_F32);
                ork_points_of(n, d, v);
                EACH for (int k = 0; k < n; k++) ork_store_slim(t + k * te, part * SLIM_NUMBERS, type, v[k]);
            }
}

ORK_TARGET __attribute__((noinline)) static void transform_lines(
    int n, int parts, const ork_lines *from, const ork_lines *to, int rows, int columns, int type) {
    if (type == ORK_F32) {
        if (n == 4) transform(4, parts, from, to, rows, columns, ORK_F32);
        if (n == 6) transform(6, parts, from, to, rows, columns, ORK_F32);
        if (n == 7) transform(7, parts, from, to, rows, columns, ORK_F32);
        if (n == 8) transform(8, parts, from, to, rows, columns, ORK_F32);
        if (n == 10) transform(10, parts, from, to, rows, columns, ORK_F32);
    } else {
        if (n == 4) transform(4, parts, from, to, rows, columns, ORK_BF16);
        if (n == 6) transform(6, parts, from, to, rows, columns, ORK_BF16);
        if (n == 7) transform(7, parts, from, to, rows, columns, ORK_BF16);
        if (n == 8) transform(8, parts, from, to, rows, columns, ORK_BF16);
        if (n == 10) transform(10, parts, from, to, rows, columns, ORK_BF16);
    }
}

ORK_LINE void restore(int n, int m, const ork_lines *from, const ork_lines *to, int rows, int columns) {
    const int64_t fe = from->element, te = to->element, fr = from->row, fc = from->column, tr = to->row, tc = to->column;
    const char *const f0 = from->at;
    char *const t0 = to->at;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            for (int part = 0; part < SLIM_PARTS; part++) {
                const char *f = f0 + i * fr + j * fc;
                char *t = t0 + i * tr + j * tc;
                slim x[ORK_MOST_LINE], y[ORK_MOST_LINE];
                EACH for (int k = 0; k < n; k++) x[k] = ork_load_slim(f + k * fe, part * SLIM_NUMBERS, ORK_F32);
                ork_outputs_of(n, m, x, y);
                EACH for (int k = 0; k < m; k++) ork_store_slim(t + k * te, part * SLIM_NUMBERS, ORK_F32, y[k]);
            }
}

ORK_TARGET __attribute__((noinline)) static void restore_lines(
    int n, int m, const ork_lines *from, const ork_lines *to, int rows, int columns) {
    if (n == 10 && m == 4) restore(10, 4, from, to, rows, columns);
    switch (n * 10 + m) {
    case 42: restore(4, 2, from, to, rows, columns); break;
    case 43: restore(4, 3, from, to, rows, columns); break;
    case 62: restore(6, 2, from, to, rows, columns); break;
    case 63: restore(6, 3, from, to, rows, columns); break;
    case 64: restore(6, 4, from, to, rows, columns); break;
    case 65: restore(6, 5, from, to, rows, columns); break;
    case 74: restore(7, 4, from, to, rows, columns); break;
    case 75: restore(7, 5, from, to, rows, columns); break;
    case 82: restore(8, 2, from, to, rows, columns); break;
    case 84: restore(8, 4, from, to, rows, columns); break;
    case 85: restore(8, 5, from, to, rows, columns); break;
    }
}

// Where a tile begins in the output; its item.
typedef struct {
    int64_t out[3], item;
} place;

// The window of one tile in 16 channels, zero outside of the input: [d][h][w][16].
ORK_TARGET static void window(
    const work *k, const int64_t origin[3], int64_t item, int64_t chunk, float *to) {
    const ork_convolution *c = k->c;
    const int *n = k->plan.n;
    const int64_t base = item * c->input.item + chunk * c->input.block;
    const int64_t left = origin[2] < 0 ? -origin[2] : 0, room = c->in_size[2] - origin[2];
    const int64_t right = room < n[2] ? room : n[2];
    for (int d = 0; d < n[0]; d++)
        for (int h = 0; h < n[1]; h++, to += n[2] * 16) {
            const int64_t z = origin[0] + d, y = origin[1] + h;
            const int inside = z >= 0 && z < c->in_size[0] && y >= 0 && y < c->in_size[1] && left < right;
            const int64_t row = base + ((z * c->in_size[1] + y) * c->in_size[2] + origin[2]) * c->input.pixel;
            if (!inside || left > 0 || right < n[2])
                for (int w = 0; w < n[2]; w++) wide_store_aligned(to + w * 16, wide_zero());
            for (int64_t w = left; inside && w < right; w++)
                wide_store_aligned(to + w * 16, ork_load16(k->input, row + w * c->input.pixel, c->input_type));
        }
}

static place tile_place(const work *k, int64_t tile) {
    const ork_winograd_plan *plan = &k->plan;
    place at;
    at.out[2] = tile % plan->grid[2] * plan->m[2], tile /= plan->grid[2];
    at.out[1] = tile % plan->grid[1] * plan->m[1], tile /= plan->grid[1];
    at.out[0] = tile % plan->grid[0] * plan->m[0], at.item = tile / plan->grid[0];
    return at;
}

// Each plane of a tile to points `to->element` apart. from: slices, rows and pixels. What lies inside of the input goes
// from first to end in each dimension (first is NULL: all does).
static void analyse_planes(
    const int n[3], int parts, const ork_lines *from, const int *first, const int *end, const ork_lines *to, int type) {
    const ork_inside none = {0}, part = first ? (ork_inside){{first[1], first[2]}, {end[1], end[2]}} : none;
    const bool is_whole = !first || (first[1] == 0 && first[2] == 0 && end[1] == n[1] && end[2] == n[2]);
    for (int d = 0; d < n[0]; d++) {
        const bool is_slice = !first || (d >= first[0] && d < end[0]);
        const char *pixels = from->at + d * from->row;
        char *points = to->at + d * n[1] * n[2] * to->element;
        if (!is_slice && n[0] > 1)
            memset(points, 0, (size_t)(n[1] * n[2]) * 64);
        else if (is_slice && is_whole)
            ork_plane_points(n[1], parts, pixels, from->column, from->element, 0, points, to->element, type);
        else
            ork_edge_plane_points(
                n[1], parts, pixels, from->column, from->element, is_slice ? &part : &none, points, to->element, type);
    }
}

// The last transform of channels that are phases, along the depth: each point takes what is left of them. from: point
// (z, y, x) of slices, rows and columns 64 bytes apart.
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
    }
}

// One tile to its points: point p of chunk c goes to `to + p * step + c * chunk_step`.
static void analyse(
    const work *k, const place *tile, int64_t chunk, float *line, char *to, int64_t step, int64_t chunk_step) {
    const ork_winograd_plan *plan = &k->plan;
    const ork_convolution *c = k->c;
    const int *n = plan->n, type = ork_value_type(c->type), alone = n[0] == 1;
    const bool has_plane = ork_has_plane(n[1], n[2], alone ? type : ORK_F32);
    // Of the last chunk no more than is multiplied.
    const bool is_short = k->channels->inputs <= chunk * 16 + SLIM_NUMBERS;
    const int parts = is_short ? 1 : SLIM_PARTS;
    int64_t origin[3];
    bool inside = true;
    int first[3], end[3];
    for (int i = 0; i < 3; i++) {
        origin[i] = tile->out[i] - c->padding[i];
        const int64_t room = c->in_size[i] - origin[i];
        first[i] = origin[i] < 0 ? (int)-origin[i] : 0, end[i] = room < n[i] ? (int)room : n[i];
        inside &= first[i] == 0 && end[i] == n[i];
    }
    char *from = (char *)line, *other = (char *)(line + plan->points * 16), *spare = from;
    int64_t side = 64, row = n[2] * side, slice = n[1] * row;
    const bool in_place = c->input_type == ORK_F32 && (inside || has_plane);
    if (in_place) {
        side = c->input.pixel * 4, row = side * c->in_size[2], slice = row * c->in_size[1];
        from = (char *)(uintptr_t)k->input + (tile->item * c->input.item + chunk * c->input.block) * 4
            + origin[0] * slice + origin[1] * row + origin[2] * side;
        // What the next tile adds to this one.
        for (int d = first[0]; d < end[0]; d++)
            for (int h = first[1]; h < end[1]; h++)
                for (int w = n[2]; w < n[2] + plan->m[2]; w++)
                    _mm_prefetch(from + d * slice + h * row + w * side, _MM_HINT_T0);
    } else {
        window(k, origin, tile->item, chunk, line);
    }
    int left = (n[0] > 1) + (n[1] > 1) + (n[2] > 1), first_left = 2;
    if (has_plane) {
        // The planes first, where there is a kernel for them.
        const ork_lines pixels = {from, slice, row, side}, points = {alone ? to + chunk * chunk_step : other, 0, 0, alone ? step : 64};
        analyse_planes(n, parts, &pixels, in_place ? first : 0, end, &points, alone ? type : ORK_F32);
        if (alone) return;
        left = 1, first_left = 0;
        if (k->channels->lacks) {
            const phase_lines lines = {k, points.at, to, step, chunk_step, chunk, parts};
            transform_depth_of_phases(n[0], &lines);
            return;
        }
        from = points.at, other = spare, spare = from, side = 64, row = n[2] * side, slice = n[1] * row;
    }
    for (int dimension = first_left; dimension >= 0; dimension--) {
        if (n[dimension] == 1) continue;
        const int last = --left == 0;
        const int64_t tw = last ? step : 64, th = n[2] * tw, td = n[1] * th;
        char *target = last ? to + chunk * chunk_step : other;
        const int kind = last ? type : ORK_F32;
        // By reference: what was just written in halves would be slow to copy whole.
        const ork_lines f = dimension == 2 ? (ork_lines){from, slice, row, side}
            : dimension == 1           ? (ork_lines){from, slice, side, row}
                                       : (ork_lines){from, row, side, slice};
        const ork_lines t = dimension == 2 ? (ork_lines){target, td, th, tw}
            : dimension == 1           ? (ork_lines){target, td, tw, th}
                                       : (ork_lines){target, th, tw, td};
        transform_lines(n[dimension], parts, &f, &t, n[dimension == 0], n[dimension == 2 ? 1 : 2], kind);
        from = target, other = spare, spare = from, side = 64, row = n[2] * side, slice = n[1] * row;
    }
}

// Where the outputs of a tile go, of one block.
typedef struct {
    ork_plane_end plane;     // but for its first pixel
    int64_t slice, column, row;  // the tile's first output
    int up;                  // slices from one to the next
} tile_end;

static tile_end end_of(const work *k, const place *tile, int block) {
    const ork_convolution *outer = k->outer;
    const int *m = k->plan.m, *up = k->up, outer_blocks = outer->out_channels / 16, phase = block / outer_blocks;
    tile_end end = {.up = up[0]};
    end.slice = tile->out[0] * up[0] + phase / (up[1] * up[2]);
    end.row = tile->out[1] * up[1] + phase / up[2] % up[1], end.column = tile->out[2] * up[2] + phase % up[2];
    const int64_t room = (outer->out_size[2] - end.column + up[2] - 1) / up[2];
    const int64_t rows = (outer->out_size[1] - end.row + up[1] - 1) / up[1];
    end.plane = (ork_plane_end){&k->sink, tile->item, 0, (int64_t)up[1] * outer->out_size[2],
        (int)(rows < m[1] ? rows : m[1]), (int)(room < m[2] ? room : m[2]), block % outer_blocks,
        outer->output_type == ORK_F32 && !k->sink.residual};
    return end;
}

static int64_t first_pixel(const work *k, const tile_end *end, int64_t slice) {
    return (slice * k->outer->out_size[1] + end->row) * k->outer->out_size[2] + end->column;
}

// Planes of outputs of one tile and output block, [slice of points][row][column][16], to its outputs.
static void synthesize_depth(const work *k, const place *tile, int block, const char *from) {
    const ork_winograd_plan *plan = &k->plan;
    tile_end end = end_of(k, tile, block);
    const int64_t slices = (k->outer->out_size[0] - end.slice + end.up - 1) / end.up;
    end.plane.pixel = first_pixel(k, &end, end.slice);
    ork_depth_outputs(
        plan->n[0], plan->m[0], from, plan->m[1], plan->m[2], (int)(slices < plan->m[0] ? slices : plan->m[0]),
        (int64_t)end.up * k->outer->out_size[1] * k->outer->out_size[2], &end.plane);
}

// The same to the maxima of the windows that its outputs lie in.
static void synthesize_maxima(
    const work *k, const place *tile, int block, const char *from, const ork_maxima *maxima) {
    const tile_end at = end_of(k, tile, block);
    const int *up = k->up, *out = k->outer->out_size;
    const int64_t first[3] = {at.slice, at.row, at.column};
    ork_pool_end end = {.size = maxima->size};
    ork_outputs_kind kinds[3];
    for (int i = 0; i < 3; i++) {
        const int64_t left = (out[i] - first[i] + up[i] - 1) / up[i];
        end.outputs[i] = (int)(left < k->plan.m[i] ? left : k->plan.m[i]);
        end.window[i] = (int)(first[i] / 2);
        kinds[i] = up[i] == 1 ? ORK_EVERY : first[i] % 2 ? ORK_SECONDS : ORK_FIRSTS;
    }
    const int64_t windows = (int64_t)maxima->size[0] * maxima->size[1] * maxima->size[2];
    end.bias = k->sink.bias ? k->sink.bias + at.plane.block * 16 : 0;
    end.block = maxima->at + tile->item * maxima->item + at.plane.block * windows * 16;
    ork_pool_outputs(kinds, from, &end);
}

// Points of one tile and output block, `step` bytes apart, to its outputs.
static void synthesize(const work *k, const place *tile, int block, char *from, int64_t step, float *line) {
    const ork_winograd_plan *plan = &k->plan;
    const int *n = plan->n, *m = plan->m;
    char *other = (char *)line, *spare = (char *)(line + plan->points * 16);
    int64_t size[3] = {n[0], n[1], n[2]}, element = step;
    tile_end end = end_of(k, tile, block);
    for (int dimension = 0; dimension < 3; dimension++) {
        if (n[dimension] == 1) continue;
        const int64_t w = element, h = size[2] * w, d = size[1] * h;
        size[dimension] = m[dimension];
        const int64_t tw = 64, th = size[2] * tw, td = size[1] * th;
        const int lines = (int)(dimension == 0 ? size[1] : size[0]), columns = (int)(dimension == 2 ? size[1] : size[2]);
        const ork_lines source = dimension == 0 ? (ork_lines){from, h, w, d}
            : dimension == 1                ? (ork_lines){from, d, w, h}
                                            : (ork_lines){from, d, h, w};
        const ork_lines target = dimension == 0 ? (ork_lines){other, th, tw, td}
            : dimension == 1                ? (ork_lines){other, td, tw, th}
                                            : (ork_lines){other, td, th, tw};
        if (dimension == 1 && n[2] > 1) {
            // What is left are planes.
            int done = 1;
            for (int64_t i = 0; i < m[0] && done; i++) {
                const int64_t slice = end.slice + i * end.up;
                if (slice >= k->outer->out_size[0]) break;
                end.plane.pixel = first_pixel(k, &end, slice);
                done = ork_plane_outputs(n[1], m[1], n[2], m[2], from + i * d, h, w, &end.plane);
            }
            if (done) return;
        }
        restore_lines(n[dimension], m[dimension], &source, &target, lines, columns);
        from = other, other = spare, spare = from, element = 64;
    }
    for (int i = 0; i < m[0]; i++)
        for (int h = 0; h < end.plane.rows; h++) {
            const int64_t slice = end.slice + i * end.up;
            if (slice >= k->outer->out_size[0] || end.plane.width <= 0) continue;
            ork_store_pixels(
                &k->sink, (const float *)from + (i * m[1] + h) * m[2] * 16, tile->item,
                first_pixel(k, &end, slice) + h * end.plane.row, end.plane.width, end.plane.block, 1);
        }
}
