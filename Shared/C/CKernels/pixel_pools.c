#include "include/pixels.h"
#include "lanes.h"
#include "shares.h"

// The part of a window that lies inside the input, on one axis.
typedef struct {
    int32_t first, end;
} range;

ORK_INLINE range inside(const ork_window *w, int axis, int32_t output) {
    int32_t first = output * w->stride[axis] - w->padding[axis], end = first + w->kernel[axis];
    return (range){first < 0 ? 0 : first, end > w->in_size[axis] ? w->in_size[axis] : end};
}

ORK_INLINE float share(const ork_window *w, range d, range h, range x, int32_t kind) {
    int32_t count = (d.end - d.first) * (h.end - h.first) * (x.end - x.first);
    if (kind == ORK_POOL_MEAN_WITH_PADDING) count = w->kernel[0] * w->kernel[1] * w->kernel[2];
    return 1 / (float)count;
}

#define FOR_EACH_WINDOW(w, items)                                         \
    int64_t out = 0;                                                      \
    for (int64_t item = 0; item < items; item++)                          \
        for (int32_t od = 0; od < (w)->out_size[0]; od++)                 \
            for (int32_t oh = 0; oh < (w)->out_size[1]; oh++)             \
                for (int32_t ow = 0; ow < (w)->out_size[2]; ow++, out++)

#define FOR_EACH_PIXEL(w, d, h, x)                                                                 \
    for (int32_t id = d.first; id < d.end; id++)                                                   \
        for (int32_t ih = h.first; ih < h.end; ih++)                                               \
            for (int64_t in = ((item * (w)->in_size[0] + id) * (w)->in_size[1] + ih) * (w)->in_size[2] + x.first, \
                         in_end = in + x.end - x.first;                                            \
                 in < in_end; in++)

ORK_CLONES void ork_pixels_pool(ork_pixels from, ork_pixels to, int64_t items, const ork_window *w, int32_t kind) {
    FOR_EACH_WINDOW(w, items) {
        range d = inside(w, 0, od), h = inside(w, 1, oh), x = inside(w, 2, ow);
        float factor = share(w, d, h, x, kind);
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes result = {0};
            int is_first = 1;
            FOR_EACH_PIXEL(w, d, h, x) {
                lanes value;
                load(&value, &from, in * from.stride + c);
                if (kind != ORK_POOL_MAXIMUM) {
                    result += value;
                } else if (is_first) {
                    result = value;
                    is_first = 0;
                } else {
                    // A NaN stays one.
                    int_lanes keep = (result >= value) | (result != result);
                    result = (lanes)((keep & (int_lanes)result) | (~keep & (int_lanes)value));
                }
            }
            if (kind != ORK_POOL_MAXIMUM) result *= factor;
            store(&result, &to, out * to.stride + c);
        }
    }
}

ORK_CLONES static void gradient_pool(
    ork_pixels gradient, ork_pixels from, ork_pixels to, int64_t items, const ork_window *w, int32_t kind) {
    FOR_EACH_WINDOW(w, items) {
        range d = inside(w, 0, od), h = inside(w, 1, oh), x = inside(w, 2, ow);
        float factor = share(w, d, h, x, kind);
        for (int32_t c = 0; c < gradient.channels; c += 16) {
            lanes g, largest = {0};
            load(&g, &gradient, out * gradient.stride + c);
            if (kind != ORK_POOL_MAXIMUM) {
                g *= factor;
                FOR_EACH_PIXEL(w, d, h, x) {
                    lanes sum;
                    load(&sum, &to, in * to.stride + c);
                    sum += g;
                    store(&sum, &to, in * to.stride + c);
                }
                continue;
            }
            int is_first = 1;
            FOR_EACH_PIXEL(w, d, h, x) {
                lanes value;
                load(&value, &from, in * from.stride + c);
                int_lanes keep = largest >= value;
                if (is_first) keep = (int_lanes){0};
                is_first = 0;
                largest = (lanes)((keep & (int_lanes)largest) | (~keep & (int_lanes)value));
            }
            int_lanes open = ~(int_lanes){0};
            FOR_EACH_PIXEL(w, d, h, x) {
                lanes value, sum;
                load(&value, &from, in * from.stride + c);
                load(&sum, &to, in * to.stride + c);
                int_lanes hit = (value == largest) & open;
                open &= ~hit;
                sum += (lanes)(hit & (int_lanes)g);
                store(&sum, &to, in * to.stride + c);
            }
        }
    }
}

typedef struct {
    ork_pixels gradient, from, to;
    int64_t items;
    const ork_window *window;
    int32_t kind;
} pool_work;

// Windows overlap, channels do not.
static void pool_part(void *data, int part, int parts) {
    const pool_work *w = data;
    gradient_pool(
        ork_share(w->gradient, part, parts), ork_share(w->from, part, parts), ork_share(w->to, part, parts), w->items,
        w->window, w->kind);
}

void ork_gradient_pool(
    ork_pixels gradient, ork_pixels from, ork_pixels to, int64_t items, const ork_window *w, int32_t kind) {
    pool_work work = {gradient, from, to, items, w, kind};
    ork_parallel(ork_shares(to), pool_part, &work);
}

ORK_CLONES static void mask(ork_pixels gradient, ork_pixels value) {
    for (int64_t pixel = 0; pixel < gradient.pixels; pixel++)
        for (int32_t c = 0; c < gradient.channels; c += 16) {
            lanes g, x;
            load(&g, &gradient, pixel * gradient.stride + c);
            load(&x, &value, pixel * value.stride + c);
            g = (lanes)((int_lanes)g & (x > (lanes){0}));
            store(&g, &gradient, pixel * gradient.stride + c);
        }
}

static void mask_part(void *data, int part, int parts) {
    const ork_pixels *v = data;
    mask(ork_share(v[0], part, parts), ork_share(v[1], part, parts));
}

void ork_gradient_mask(ork_pixels gradient, ork_pixels value) {
    ork_pixels values[] = {gradient, value};
    ork_parallel(ork_shares(gradient), mask_part, values);
}

ORK_CLONES void ork_gradient_affine(ork_pixels gradient, const float *scale, ork_pixels to) {
    for (int64_t pixel = 0; pixel < to.pixels; pixel++)
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes g, sum;
            load(&g, &gradient, pixel * gradient.stride + c);
            load(&sum, &to, pixel * to.stride + c);
            sum += g * *(const lanes *)(scale + c);
            store(&sum, &to, pixel * to.stride + c);
        }
}

ORK_CLONES void ork_gradient_mean(ork_pixels gradient, int64_t items, ork_pixels to) {
    int64_t positions = to.pixels / items;
    float factor = 1 / (float)positions;
    for (int64_t pixel = 0; pixel < to.pixels; pixel++)
        for (int32_t c = 0; c < to.channels; c += 16) {
            lanes g, sum;
            load(&g, &gradient, pixel / positions * gradient.stride + c);
            load(&sum, &to, pixel * to.stride + c);
            sum += g * factor;
            store(&sum, &to, pixel * to.stride + c);
        }
}

ORK_CLONES void ork_gradient_pick(ork_pixels gradient, ork_pixels to, int64_t items, const ork_window *w) {
    FOR_EACH_WINDOW(w, items) {
        int64_t in = ((item * w->in_size[0] + od * w->stride[0]) * w->in_size[1] + oh * w->stride[1]) * w->in_size[2]
                + ow * w->stride[2];
        for (int32_t c = 0; c < to.channels && c < gradient.channels; c += 16) {
            lanes g, sum;
            load(&g, &gradient, out * gradient.stride + c);
            load(&sum, &to, in * to.stride + c);
            sum += g;
            store(&sum, &to, in * to.stride + c);
        }
    }
}
