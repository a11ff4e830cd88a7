#include "form.h"
#include <string.h>

#include "training_parallel.h"
#include "training_vectors.h"

#if defined(__x86_64__)
typedef struct {
    ork_blocked_shape s;
    ork_blocked x, y;
    ork_training_pool p;
    uint8_t *places;
    float *plain;
    int channels;
    bool accumulates;
} job;

#define EACH_TYPE(function)                                                                            \
    ORK_TRAINING_TARGET static void function##_any(const void *data, size_t first, size_t last) {      \
        const job *j = data;                                                                           \
        for (size_t task = first; task < last; task++)                                                 \
            if (j->s.type == ORK_TRAINING_F32)                                                         \
                function(j, (int64_t)task, ORK_TRAINING_F32);                                          \
            else                                                                                       \
                function(j, (int64_t)task, ORK_TRAINING_BF16);                                         \
    }

static void run(const job *j, ork_range_body body) {
    ork_training_parallel((size_t)j->s.items * j->s.blocks, 1, j->s.threads, body, j);
}

ORK_TRAINING_INLINE void add(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task);
    void *y = block_of(j->y, j->s, task);
    for (int64_t p = 0; p < j->s.positions * 16; p += 16)
        put(y, p, type, j->accumulates ? wide_add(get(y, p, type), get(x, p, type)) : get(x, p, type));
}
EACH_TYPE(add)

void ork_blocked_add(ork_blocked_shape s, ork_blocked source, ork_blocked target) {
    job j = {.s = s, .x = source, .y = target, .accumulates = true};
    run(&j, add_any);
}

void ork_blocked_copy(ork_blocked_shape s, ork_blocked source, ork_blocked target) {
    job j = {.s = s, .x = source, .y = target};
    run(&j, add_any);
}

// The taps of an output index along an axis that lie inside the input: first ..< last, and where tap 0 lies.
typedef struct {
    int origin, first, last;
} taps;

static inline taps taps_of(const ork_training_pool *p, int axis, int index) {
    taps t = {index * p->stride[axis] - p->padding[axis], 0, p->kernel[axis]};
    if (t.origin < 0) t.first = -t.origin;
    if (t.last > p->in_size[axis] - t.origin) t.last = p->in_size[axis] - t.origin;
    if (t.last < t.first) t.last = t.first;
    return t;
}

static inline void *input_block(ork_blocked value, const job *j, int64_t task) {
    int64_t positions = (int64_t)j->p.in_size[0] * j->p.in_size[1] * j->p.in_size[2];
    return at(value, task / j->s.blocks * value.item + task % j->s.blocks * positions * 16, j->s.type);
}

#define EACH_OUTPUT(body)                                                            \
    const ork_training_pool *p = &j->p;                                                       \
    int64_t out = 0;                                                                 \
    for (int od = 0; od < p->out_size[0]; od++) {                                    \
        const taps td = taps_of(p, 0, od);                                           \
        for (int oh = 0; oh < p->out_size[1]; oh++) {                                \
            const taps th = taps_of(p, 1, oh);                                       \
            for (int ow = 0; ow < p->out_size[2]; ow++, out += 16) {                 \
                const taps tw = taps_of(p, 2, ow);                                   \
                body                                                                 \
            }                                                                        \
        }                                                                            \
    }

#define EACH_TAP(body)                                                                                            \
    for (int d = td.first; d < td.last; d++)                                                                      \
        for (int h = th.first; h < th.last; h++)                                                                  \
            for (int w = tw.first; w < tw.last; w++) {                                                            \
                const int64_t in =                                                                                \
                    (((int64_t)(td.origin + d) * p->in_size[1] + th.origin + h) * p->in_size[2] + tw.origin + w) * \
                    16;                                                                                           \
                body                                                                                              \
            }

ORK_TRAINING_INLINE wide share_of(const ork_training_pool *p, taps d, taps h, taps w) {
    int inside = (d.last - d.first) * (h.last - h.first) * (w.last - w.first);
    int count = p->counts_padding ? p->kernel[0] * p->kernel[1] * p->kernel[2] : inside;
    return wide_all(count > 0 ? 1.0f / (float)count : 0);
}

ORK_TRAINING_INLINE void max_pool(const job *j, int64_t task, int type) {
    const void *x = input_block(j->x, j, task);
    void *y = block_of(j->y, j->s, task);
    uint8_t *places = j->places + task * j->s.positions * 16;
    EACH_OUTPUT({
        // The window's first, then what is larger: so the first of equal values wins, and minus infinity has a place.
        const int64_t corner =
            (((int64_t)(td.origin + td.first) * p->in_size[1] + th.origin + th.first) * p->in_size[2] + tw.origin
             + tw.first) * 16;
        const int some = td.first < td.last && th.first < th.last && tw.first < tw.last;
        wide best = some ? get(x, corner, type) : wide_all(-__builtin_inff());
        wide place = wide_all(
            (float)(some ? (td.first * p->kernel[1] + th.first) * p->kernel[2] + tw.first : 255));
        EACH_TAP({
            wide value = get(x, in, type);
            // A maximum whose second operand is the older keeps it where they are equal or not numbers.
            place = wide_where_greater(
                value, best, wide_all((float)((d * p->kernel[1] + h) * p->kernel[2] + w)), place);
            best = wide_max(value, best);
        })
        put(y, out, type, best);
        wide_store_bytes(places + out, place);
    })
}
EACH_TYPE(max_pool)

void ork_blocked_max_pool(ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y, uint8_t *places) {
    job j = {.s = s, .x = x, .y = y, .p = p, .places = places};
    run(&j, max_pool_any);
}

ORK_TRAINING_INLINE void average_pool(const job *j, int64_t task, int type) {
    const void *x = input_block(j->x, j, task);
    void *y = block_of(j->y, j->s, task);
    EACH_OUTPUT({
        wide sum = wide_zero();
        EACH_TAP({ sum = wide_add(sum, get(x, in, type)); })
        put(y, out, type, wide_mul(sum, share_of(p, td, th, tw)));
    })
}
EACH_TYPE(average_pool)

// A 3 by 3 mean around every position, or its way back: sums of columns go along the row, so that each is made once.
static bool is_box(const ork_training_pool *p) {
    if (p->kernel[0] != 1 || p->stride[0] != 1 || p->padding[0] != 0) return false;
    for (int i = 1; i < 3; i++)
        if (p->kernel[i] != 3 || p->stride[i] != 1 || p->padding[i] != 1) return false;
    return true;
}

static inline float box_share(const ork_training_pool *p, int axis, int index) {
    const int inside = 1 + (index > 0) + (index + 1 < p->in_size[axis]);
    return 1.0f / (float)(p->counts_padding ? 3 : inside);
}

// Three values above one another; on the way back each with its own mean's share.
ORK_TRAINING_INLINE wide box_column(
    const job *j, const void *x, int64_t slice, int h, int w, int type, bool is_back) {
    const ork_training_pool *p = &j->p;
    wide sum = wide_zero();
    for (int row = h > 0 ? h - 1 : 0; row <= h + 1 && row < p->in_size[1]; row++) {
        const wide value = get(x, (slice + (int64_t)row * p->in_size[2] + w) * 16, type);
        sum = is_back ? wide_fma(value, wide_all(box_share(p, 1, row)), sum) : wide_add(sum, value);
    }
    return is_back ? wide_mul(sum, wide_all(box_share(p, 2, w))) : sum;
}

ORK_TRAINING_INLINE void box(const job *j, int64_t task, int type, bool is_back) {
    const ork_training_pool *p = &j->p;
    const void *x = block_of(j->x, j->s, task);
    void *y = block_of(j->y, j->s, task);
    const int width = p->in_size[2];
    for (int64_t slice = 0; slice < j->s.positions; slice += (int64_t)p->in_size[1] * width)
        for (int h = 0; h < p->in_size[1]; h++) {
            const float share = box_share(p, 1, h);
            wide before = wide_zero(), here = box_column(j, x, slice, h, 0, type, is_back);
            for (int w = 0; w < width; w++) {
                const wide next =
                    w + 1 < width ? box_column(j, x, slice, h, w + 1, type, is_back) : wide_zero();
                wide sum = wide_add(wide_add(before, here), next);
                const int64_t to = (slice + (int64_t)h * width + w) * 16;
                if (!is_back) sum = wide_mul(sum, wide_all(share * box_share(p, 2, w)));
                if (j->accumulates) sum = wide_add(sum, get(y, to, type));
                put(y, to, type, sum);
                before = here, here = next;
            }
        }
}
ORK_TRAINING_INLINE void box_mean(const job *j, int64_t task, int type) { box(j, task, type, false); }
ORK_TRAINING_INLINE void box_back(const job *j, int64_t task, int type) { box(j, task, type, true); }
EACH_TYPE(box_mean)
EACH_TYPE(box_back)

void ork_blocked_average_pool(ork_blocked_shape s, ork_training_pool p, ork_blocked x, ork_blocked y) {
    job j = {.s = s, .x = x, .y = y, .p = p};
    run(&j, is_box(&p) ? box_mean_any : average_pool_any);
}

// Of a mean. Sums of one block are float32, whatever the type: up to 27 gradients meet in one place. `plain` holds a block's
// numbers for each thread's task.
ORK_TRAINING_INLINE void pool_back(const job *j, int64_t task, int type) {
    const void *gradient = block_of(j->x, j->s, task);
    void *target = input_block(j->y, j, task);
    const int64_t count = (int64_t)j->p.in_size[0] * j->p.in_size[1] * j->p.in_size[2] * 16;
    float *sums = j->plain + task * count;
    if (type == ORK_TRAINING_F32) sums = target;
    if (type != ORK_TRAINING_F32 && j->accumulates)
        for (int64_t i = 0; i < count; i += 16) wide_store(sums + i, get(target, i, type));
    else if (!j->accumulates)
        memset(sums, 0, (size_t)count * 4);
    EACH_OUTPUT({
        const wide g = wide_mul(get(gradient, out, type), share_of(p, td, th, tw));
        EACH_TAP({ wide_store(sums + in, wide_add(wide_load(sums + in), g)); })
    })
    if (type != ORK_TRAINING_F32)
        for (int64_t i = 0; i < count; i += 16) put(target, i, type, wide_load(sums + i));
}

// The output indices along an axis whose windows hold an input index: first ..< last.
static inline taps windows_of(const ork_training_pool *p, int axis, int index) {
    const int at = index + p->padding[axis], before = at - p->kernel[axis];
    taps t = {at, before < 0 ? 0 : before / p->stride[axis] + 1, at / p->stride[axis] + 1};
    if (t.last > p->out_size[axis]) t.last = p->out_size[axis];
    return t;
}

// Of a maximum: every input looks for itself among the windows that hold it, so that each is written once.
ORK_TRAINING_INLINE void max_back(const job *j, int64_t task, int type) {
    const ork_training_pool *p = &j->p;
    const void *gradient = block_of(j->x, j->s, task);
    void *target = input_block(j->y, j, task);
    const uint8_t *places = j->places + task * j->s.positions * 16;
    int64_t in = 0;
    for (int d = 0; d < p->in_size[0]; d++) {
        const taps wd = windows_of(p, 0, d);
        for (int h = 0; h < p->in_size[1]; h++) {
            const taps wh = windows_of(p, 1, h);
            for (int w = 0; w < p->in_size[2]; w++, in += 16) {
                const taps ww = windows_of(p, 2, w);
                wide sum = j->accumulates ? get(target, in, type) : wide_zero();
                for (int z = wd.first; z < wd.last; z++)
                    for (int y = wh.first; y < wh.last; y++) {
                        const int line = ((wd.origin - z * p->stride[0]) * p->kernel[1] + wh.origin - y * p->stride[1])
                            * p->kernel[2];
                        const int64_t row = ((int64_t)z * p->out_size[1] + y) * p->out_size[2];
                        for (int x = ww.first; x < ww.last; x++) {
                            const int tap = line + ww.origin - x * p->stride[2];
                            const wide g = get(gradient, (row + x) * 16, type);
                            sum = wide_add(sum, wide_where_byte(places + (row + x) * 16, tap, g));
                        }
                    }
                put(target, in, type, sum);
            }
        }
    }
}
EACH_TYPE(max_back)

ORK_TRAINING_TARGET static void pool_back_any(const void *data, size_t first, size_t last) {
    job j = *(const job *)data;
    int64_t count = (int64_t)j.p.in_size[0] * j.p.in_size[1] * j.p.in_size[2] * 16;
    float *sums = 0;
    if (j.s.type != ORK_TRAINING_F32) sums = __builtin_malloc((size_t)count * 4);
    for (size_t task = first; task < last; task++) {
        // The block's sums lie at the same place for every task.
        j.plain = sums ? sums - (int64_t)task * count : 0;
        if (j.s.type == ORK_TRAINING_F32)
            pool_back(&j, (int64_t)task, ORK_TRAINING_F32);
        else if (sums)
            pool_back(&j, (int64_t)task, ORK_TRAINING_BF16);
    }
    __builtin_free(sums);
}

void ork_blocked_pool_back(
    ork_blocked_shape s, ork_training_pool p, const uint8_t *places, ork_blocked gradient, ork_blocked target,
    bool accumulates) {
    job j = {.s = s, .x = gradient, .y = target, .p = p, .places = (uint8_t *)places, .accumulates = accumulates};
    run(&j, places ? max_back_any : is_box(&p) ? box_back_any : pool_back_any);
}

ORK_TRAINING_INLINE void from_plain(const job *j, int64_t task, int type) {
    void *y = block_of(j->y, j->s, task);
    const int64_t item = task / j->s.blocks, first = task % j->s.blocks * 16;
    const float *source = j->plain + (item * j->channels + first) * j->s.positions;
    const int channels = j->channels - first < 16 ? (int)(j->channels - first) : 16;
    for (int64_t p = 0; p < j->s.positions; p++) {
        float lanes[16] = {0};
        for (int c = 0; c < channels; c++) lanes[c] = source[c * j->s.positions + p];
        wide value = wide_load(lanes);
        put(y, p * 16, type, j->accumulates ? wide_add(get(y, p * 16, type), value) : value);
    }
}
EACH_TYPE(from_plain)

void ork_blocked_from_plain(
    ork_blocked_shape s, const float *plain, int channels, ork_blocked target, bool accumulates) {
    job j = {.s = s, .y = target, .plain = (float *)plain, .channels = channels, .accumulates = accumulates};
    run(&j, from_plain_any);
}

ORK_TRAINING_INLINE void to_plain(const job *j, int64_t task, int type) {
    const void *x = block_of(j->x, j->s, task);
    const int64_t item = task / j->s.blocks, first = task % j->s.blocks * 16;
    float *target = j->plain + (item * j->channels + first) * j->s.positions;
    const int channels = j->channels - first < 16 ? (int)(j->channels - first) : 16;
    for (int64_t p = 0; p < j->s.positions; p++) {
        float lanes[16];
        wide_store(lanes, get(x, p * 16, type));
        for (int c = 0; c < channels; c++) target[c * j->s.positions + p] = lanes[c];
    }
}
EACH_TYPE(to_plain)

void ork_blocked_to_plain(ork_blocked_shape s, ork_blocked source, int channels, float *plain) {
    job j = {.s = s, .x = source, .plain = plain, .channels = channels};
    run(&j, to_plain_any);
}

typedef struct {
    const float *source;
    uint16_t *target;
} narrowing;

ORK_TRAINING_TARGET static void narrow(const void *data, size_t first, size_t last) {
    const narrowing *n = data;
    size_t i = first;
    for (; i + 16 <= last; i += 16) put(n->target, (int64_t)i, ORK_TRAINING_BF16, wide_load(n->source + i));
    if (i < last) {
        float rest[16] = {0};
        uint16_t narrowed[16];
        memcpy(rest, n->source + i, (last - i) * 4);
        put(narrowed, 0, ORK_TRAINING_BF16, wide_load(rest));
        memcpy(n->target + i, narrowed, (last - i) * 2);
    }
}

void ork_training_narrow(const float *source, uint16_t *target, int64_t count, int threads) {
    narrowing n = {source, target};
    ork_training_parallel((size_t)count, 16384, threads, narrow, &n);
}
#endif
