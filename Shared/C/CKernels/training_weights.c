#include <string.h>

#include "include/training_blocked.h"

static int64_t blocks(int32_t channels) { return (channels + 15) / 16; }

int64_t ork_weights_count(ork_weights w) {
    return blocks(w.outputs) * (w.planar ? w.inputs : blocks(w.inputs) * 16) * (int64_t)w.taps * 16;
}

static int64_t place(ork_weights w, int64_t o, int64_t i, int64_t tap) {
    if (w.planar) return ((o / 16 * w.inputs + i) * w.taps + tap) * 16 + o % 16;
    return ((o / 16 * blocks(w.inputs) + i / 16) * w.taps + tap) * 256 + i % 16 * 16 + o % 16;
}

void ork_weights_pack(ork_weights w, const float *plain, float *blocked) {
    memset(blocked, 0, (size_t)ork_weights_count(w) * sizeof(float));
    for (int64_t o = 0; o < w.outputs; o++)
        for (int64_t i = 0; i < w.inputs; i++)
            for (int64_t tap = 0; tap < w.taps; tap++) blocked[place(w, o, i, tap)] = *plain++;
}

void ork_weights_unpack(ork_weights w, const float *blocked, float *plain) {
    for (int64_t o = 0; o < w.outputs; o++)
        for (int64_t i = 0; i < w.inputs; i++)
            for (int64_t tap = 0; tap < w.taps; tap++) *plain++ = blocked[place(w, o, i, tap)];
}
