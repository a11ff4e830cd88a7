#include "form.h"
#include "phase_channels.h"
#include <string.h>
#include <sys/mman.h>
#include "vectors.h"

// Inputs that are left, as many as are multiplied.
static int64_t rows_of(const ork_phase_channels *channels, const ork_phases_left *left) {
    return (channels->inputs / channels->phases * left->count + 3) / 4 * 4;
}

void ork_left_weights(
    const ork_phase_channels *channels, const ork_winograd_plan *plan, int type, int64_t begins[ORK_MOST_POINTS + 1]) {
    uint8_t lacking[ORK_MOST_POINTS];
    ork_lacking_dimensions(channels, plan, lacking);
    begins[0] = 0;
    for (int point = 0; point < plan->points; point++) {
        const ork_phases_left left = ork_phases_left_where(channels, lacking[point]);
        begins[point + 1] = begins[point] + rows_of(channels, &left) * 16 * (int64_t)ork_bytes(type);
    }
}

size_t ork_left_weight_bytes(const ork_convolution *c, const ork_phase_channels *channels) {
    const ork_winograd_plan plan = ork_winograd_cut(c, 1);
    int64_t begins[ORK_MOST_POINTS + 1];
    ork_left_weights(channels, &plan, c->type, begins);
    return (size_t)(begins[plan.points] * plan.output_blocks);
}

// Rows of 16 outputs, of all inputs, to those of what is left.
static void close_up(
    const ork_phase_channels *channels, const ork_phases_left *left, const char *rows, int64_t row_bytes, char *to) {
    char *const begin = to;
    const int each = channels->inputs / channels->phases, run = channels->apart ? each : 1;
    for (int first = 0; first < channels->inputs; first += run * channels->phases)
        for (int k = 0; k < left->count; k++, to += run * row_bytes)
            memcpy(to, rows + (first + left->phases[k] * run) * row_bytes, (size_t)(run * row_bytes));
    memset(to, 0, (size_t)(begin + rows_of(channels, left) * row_bytes - to));
}

int ork_pack_left_weights(
    const ork_convolution *c, const ork_phase_channels *channels, ork_plain_weights weights, void *packed) {
    const ork_winograd_plan plan = ork_winograd_cut(c, 1);
    // Pages of their own, which go back to the system at once.
    const size_t bytes = ork_winograd_packed_bytes(c);
    char *const whole = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED) return 1;
    const int status = ork_winograd_pack(c, weights, whole);
    uint8_t lacking[ORK_MOST_POINTS];
    int64_t begins[ORK_MOST_POINTS + 1];
    ork_lacking_dimensions(channels, &plan, lacking);
    ork_left_weights(channels, &plan, c->type, begins);
    const int64_t row_bytes = 16 * (int64_t)ork_bytes(c->type);
    for (int64_t i = 0; status == 0 && i < plan.output_blocks * plan.points; i++) {
        const int64_t block = i / plan.points, point = i % plan.points;
        const ork_phases_left left = ork_phases_left_where(channels, lacking[point]);
        char *const to = (char *)packed + block * begins[plan.points] + begins[point];
        close_up(channels, &left, whole + i * plan.chunks * 16 * row_bytes, row_bytes, to);
    }
    munmap(whole, bytes);
    return status;
}
