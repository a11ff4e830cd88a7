#pragma once
// What the threads of one Winograd run share, and where a tile lies.
#include "phase_channels.h"
#include "queue.h"
#include "winograd_pool.h"

// What is multiplied at a point.
typedef struct {
    int64_t rows;          // inputs, a multiple of 4
    int64_t chunks, last;  // of the last chunk's inputs: a multiple of 4, 0 for all; of planes one chunk holds every input
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
    int64_t weights[ORK_MOST_POINTS + 1];  // where each point's begin in those of an output block, bytes
    int64_t values[ORK_MOST_POINTS + 1];   // and in those of a set, bytes for each of its tiles
    // By what a point lacks.
    ork_phases_left left[8];
    ork_point_inputs inputs[8];
    ork_queue *queues;  // of tiles, one for each thread
    const ork_maxima *maxima;  // instead of outputs, one for each thread, which begins with clearing it; or NULL
} work;

// Where a tile begins in the output; its item.
typedef struct {
    int64_t out[3], item;
} place;

// Whether the input are planes, of which each tile gathers its phases.
static bool reads_planes(const work *k) { return k->channels->lacks && !k->channels->apart; }

static place tile_place(const work *k, int64_t tile) {
    const ork_winograd_plan *plan = &k->plan;
    place at;
    at.out[2] = tile % plan->grid[2] * plan->m[2], tile /= plan->grid[2];
    at.out[1] = tile % plan->grid[1] * plan->m[1], tile /= plan->grid[1];
    at.out[0] = tile % plan->grid[0] * plan->m[0], at.item = tile / plan->grid[0];
    return at;
}
