#pragma once
// One tile's window of the input to points, where every second pixel is of one phase: strided.h.
#include "winograd_phases.h"

// The pixels of a tile in each dimension: of the first phase three, of the second two between them.
enum { ORK_STRIDED_SIDE = 5 };

// The first channels of each pixel, zeros where it lies outside of the input; there `inside` is 0, else all bits.
typedef struct {
    const char *pixels[ORK_STRIDED_SIDE][ORK_STRIDED_SIDE][ORK_STRIDED_SIDE];
    int64_t inside[ORK_STRIDED_SIDE][ORK_STRIDED_SIDE][ORK_STRIDED_SIDE];
    int64_t ahead;  // bytes from a pixel to the next tile's
} strided_window;

// The pixels of phase (pz, py, px), `channel` bytes from their first channels, to three points along each dimension or, of
// a second phase, to those that are finite. to: where points go, by the dimensions in which they are at infinity (bits
// 0...2: z, y, x); values: how far each is from there.
ORK_LINE void transform_phase(
    int pz, int py, int px, const strided_window *window, int64_t channel, char *const to[8], const int64_t *values) {
    const int nz = 3 - pz, ny = 3 - py, nx = 3 - px;
    for (int part = 0; part < SLIM_PARTS; part++) {
        slim d[3][3][3], line[3], v[ORK_MOST_LINE];
        EACH for (int i = 0; i < 27; i++) {
            const int z = i / 9, y = i / 3 % 3, x = i % 3;
            d[z][y][x] = slim_zero();
            if (z >= nz || y >= ny || x >= nx) continue;
            const char *pixel = window->pixels[2 * z + pz][2 * y + py][2 * x + px];
            pixel += channel & window->inside[2 * z + pz][2 * y + py][2 * x + px];
            d[z][y][x] = ork_load_slim(pixel, part * SLIM_NUMBERS, ORK_F32);
            if (part == 0 && 2 * x + px > 0) _mm_prefetch(pixel + window->ahead, _MM_HINT_T0);
        }
        EACH for (int z = 0; z < nz; z++)
            EACH for (int y = 0; y < ny; y++) {
                ork_points_of(3, d[z][y], v);
                EACH for (int x = 0; x < nx; x++) d[z][y][x] = v[x];
            }
        EACH for (int z = 0; z < nz; z++)
            EACH for (int x = 0; x < nx; x++) {
                EACH for (int y = 0; y < 3; y++) line[y] = d[z][y][x];
                ork_points_of(3, line, v);
                EACH for (int y = 0; y < ny; y++) d[z][y][x] = v[y];
            }
        EACH for (int y = 0; y < ny; y++)
            EACH for (int x = 0; x < nx; x++) {
                EACH for (int z = 0; z < 3; z++) line[z] = d[z][y][x];
                ork_points_of(3, line, v);
                EACH for (int z = 0; z < nz; z++) {
                    const int at_infinity = (z == 2) | (y == 2) << 1 | (x == 2) << 2;
                    char *point = to[at_infinity] + values[z * 9 + y * 3 + x];
                    ork_store_slim(point, part * SLIM_NUMBERS, ORK_F32, v[z]);
                }
            }
    }
}

static strided_window window_of_strided(const work *k, const place *tile) {
    static const _Alignas(64) float zeros[16];
    const ork_convolution *c = k->outer;
    const char *input = k->input + tile->item * c->input.item * 4;
    strided_window window = {.ahead = 2 * k->plan.m[2] * c->input.pixel * 4};
    for (int z = 0; z < ORK_STRIDED_SIDE; z++)
        for (int y = 0; y < ORK_STRIDED_SIDE; y++)
            for (int x = 0; x < ORK_STRIDED_SIDE; x++) {
                const int64_t at[3] = {2 * tile->out[0] - 1 + z, 2 * tile->out[1] - 1 + y, 2 * tile->out[2] - 1 + x};
                bool is_inside = true;
                int64_t pixel = 0;
                for (int i = 0; i < 3; i++) {
                    is_inside &= at[i] >= 0 && at[i] < c->in_size[i];
                    pixel = pixel * c->in_size[i] + at[i];
                }
                window.pixels[z][y][x] = is_inside ? input + pixel * c->input.pixel * 4 : (const char *)zeros;
                window.inside[z][y][x] = is_inside ? -1 : 0;
            }
    return window;
}

// All channels of a tile, one of a set of so many. to: the set's values, the tile's first.
ORK_TARGET __attribute__((noinline)) static void analyse_strided(
    const work *k, const place *tile, char *to, int64_t width) {
    ORK_ALIGNED_FRAME
    const strided_window window = window_of_strided(k, tile);
    const int64_t each = k->outer->in_channels / 16, block = k->outer->input.block * 4, chunk_step = width * 64;
    int64_t values[27];
    for (int i = 0; i < 27; i++) values[i] = width * k->values[i];
    for (int phase = 0; phase < 8; phase++) {
        char *points[8];
        for (int i = 0; i < 8; i++) {
            int64_t before = 0;
            while (before < k->left[i].count && k->left[i].phases[before] < phase) before++;
            points[i] = to + before * each * chunk_step;
        }
        for (int64_t chunk = 0; chunk < each; chunk++) {
            switch (phase) {
            case 0: transform_phase(0, 0, 0, &window, chunk * block, points, values); break;
            case 1: transform_phase(0, 0, 1, &window, chunk * block, points, values); break;
            case 2: transform_phase(0, 1, 0, &window, chunk * block, points, values); break;
            case 3: transform_phase(0, 1, 1, &window, chunk * block, points, values); break;
            case 4: transform_phase(1, 0, 0, &window, chunk * block, points, values); break;
            case 5: transform_phase(1, 0, 1, &window, chunk * block, points, values); break;
            case 6: transform_phase(1, 1, 0, &window, chunk * block, points, values); break;
            case 7: transform_phase(1, 1, 1, &window, chunk * block, points, values); break;
            }
            for (int i = 0; i < 8; i++) points[i] += chunk_step;
        }
    }
}
