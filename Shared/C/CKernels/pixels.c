#include "include/pixels.h"
#include "lanes.h"
#include "shares.h"

ORK_CLONES void ork_pixels_from_planes(
    ork_pixels to, const float *planes, int64_t items, int32_t count, const int32_t *places) {
    int64_t positions = to.pixels / items;
    for (int64_t pixel = 0; pixel < to.pixels; pixel++) {
        const lanes zero = {0};
        for (int32_t c = 0; c < to.channels; c += 16) store(&zero, &to, pixel * to.stride + c);
    }
    for (int64_t item = 0; item < items; item++)
        for (int32_t plane = 0; plane < count; plane++) {
            const float *from = planes + (item * count + plane) * positions;
            int64_t index = item * positions * to.stride + places[plane];
            if (to.is_bf16) {
                uint16_t *data = (uint16_t *)to.data + index;
                for (int64_t p = 0; p < positions; p++) {
                    uint32_t word;
                    memcpy(&word, from + p, 4);
                    int is_nan = (word & 0x7fffffffu) > 0x7f800000u;
                    data[p * to.stride] = is_nan ? (word >> 16) | 0x40u : (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
                }
            } else {
                float *data = (float *)to.data + index;
                for (int64_t p = 0; p < positions; p++) data[p * to.stride] = from[p];
            }
        }
}

ORK_CLONES static void to_planes(
    ork_pixels from, float *planes, int64_t items, int32_t first, int32_t end, int32_t count, const int32_t *places) {
    int64_t positions = from.pixels / items;
    for (int64_t item = 0; item < items; item++)
        for (int32_t plane = first; plane < end; plane++) {
            float *to = planes + (item * count + plane) * positions;
            int64_t index = item * positions * from.stride + places[plane];
            if (from.is_bf16) {
                const uint16_t *data = (const uint16_t *)from.data + index;
                for (int64_t p = 0; p < positions; p++) {
                    uint32_t word = (uint32_t)data[p * from.stride] << 16;
                    memcpy(to + p, &word, 4);
                }
            } else {
                const float *data = (const float *)from.data + index;
                for (int64_t p = 0; p < positions; p++) to[p] = data[p * from.stride];
            }
        }
}

typedef struct {
    ork_pixels from;
    float *planes;
    int64_t items;
    int32_t count;
    const int32_t *places;
} planes_work;

static void planes_part(void *data, int part, int parts) {
    const planes_work *w = data;
    to_planes(
        w->from, w->planes, w->items, (int32_t)((int64_t)w->count * part / parts),
        (int32_t)((int64_t)w->count * (part + 1) / parts), w->count, w->places);
}

void ork_pixels_to_planes(ork_pixels from, float *planes, int64_t items, int32_t count, const int32_t *places) {
    planes_work work = {from, planes, items, count, places};
    ork_parallel(ork_shares(from), planes_part, &work);
}

ORK_CLONES static void copy(ork_pixels from, ork_pixels to) {
    for (int64_t pixel = 0; pixel < from.pixels; pixel++)
        for (int32_t c = 0; c < from.channels; c += 16) {
            lanes x;
            load(&x, &from, pixel * from.stride + c);
            store(&x, &to, pixel * to.stride + c);
        }
}

static void copy_part(void *data, int part, int parts) {
    const ork_pixels *v = data;
    copy(ork_share(v[0], part, parts), ork_share(v[1], part, parts));
}

void ork_pixels_copy(ork_pixels from, ork_pixels to) {
    ork_pixels values[] = {from, to};
    ork_parallel(ork_shares(to), copy_part, values);
}

ORK_CLONES static void add(ork_pixels first, ork_pixels second, ork_pixels to, bool relu) {
    for (int64_t pixel = 0; pixel < to.pixels; pixel++)
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes x, y;
            load(&x, &first, pixel * first.stride + c);
            load(&y, &second, pixel * second.stride + c);
            x += y;
            if (relu) rectify(&x);
            store(&x, &to, pixel * to.stride + c);
        }
}

typedef struct {
    ork_pixels first, second, to;
    bool relu;
} add_work;

static void add_part(void *data, int part, int parts) {
    const add_work *w = data;
    add(ork_share(w->first, part, parts), ork_share(w->second, part, parts), ork_share(w->to, part, parts), w->relu);
}

void ork_pixels_add(ork_pixels first, ork_pixels second, ork_pixels to, bool relu) {
    add_work work = {first, second, to, relu};
    ork_parallel(ork_shares(to), add_part, &work);
}

ORK_CLONES void ork_pixels_affine(
    ork_pixels from, const float *scale, const float *shift, ork_pixels to, bool relu) {
    for (int64_t pixel = 0; pixel < to.pixels; pixel++)
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes x;
            load(&x, &from, pixel * from.stride + c);
            x = x * *(const lanes *)(scale + c) + *(const lanes *)(shift + c);
            if (relu) rectify(&x);
            store(&x, &to, pixel * to.stride + c);
        }
}

ORK_CLONES void ork_pixels_rectify(ork_pixels from, ork_pixels to) {
    for (int64_t pixel = 0; pixel < to.pixels; pixel++)
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes x;
            load(&x, &from, pixel * from.stride + c);
            rectify(&x);
            store(&x, &to, pixel * to.stride + c);
        }
}

ORK_CLONES void ork_pixels_mean(ork_pixels from, int64_t items, ork_pixels to) {
    int64_t positions = from.pixels / items;
    float factor = 1 / (float)positions;
    for (int64_t item = 0; item < items; item++)
        for (int32_t c = 0; c < from.channels; c += 16) {
            lanes sum = {0};
            for (int64_t p = 0; p < positions; p++) {
                lanes x;
                load(&x, &from, (item * positions + p) * from.stride + c);
                sum += x;
            }
            sum *= factor;
            store(&sum, &to, item * to.stride + c);
        }
}

ORK_CLONES void ork_pixels_pick(ork_pixels from, ork_pixels to, int64_t items, const ork_window *w) {
    int64_t pixel = 0;
    for (int64_t item = 0; item < items; item++)
        for (int32_t d = 0; d < w->out_size[0]; d++)
            for (int32_t h = 0; h < w->out_size[1]; h++)
                for (int32_t x = 0; x < w->out_size[2]; x++, pixel++) {
                    int64_t source = ((item * w->in_size[0] + d * w->stride[0]) * w->in_size[1] + h * w->stride[1])
                            * w->in_size[2] + x * w->stride[2];
                    for (int32_t c = 0; c < to.channels; c += 16) {
                        lanes value = {0};
                        if (c < from.channels) load(&value, &from, source * from.stride + c);
                        store(&value, &to, pixel * to.stride + c);
                    }
                }
}

void ork_flush(const void *memory, int64_t bytes) {
#if defined(__x86_64__)
    for (int64_t offset = 0; offset < bytes; offset += 64) __builtin_ia32_clflush((const char *)memory + offset);
    __builtin_ia32_mfence();
#else
    (void)memory;
    (void)bytes;
#endif
}
