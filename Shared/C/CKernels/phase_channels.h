#pragma once
// Channels that are phases of planes (phases.h). Where a kernel of stride 2 has an odd length, one of two phases has a tap
// less, its last; so at infinity it is zero. Points there leave those channels out, each half of them for each dimension,
// and what is left of a point's values and weights stands together.
#include <stdbool.h>
#include "winograd.h"

typedef struct ork_phase_channels {
    int inputs;     // channels other than zero
    int phases;     // of each channel, [z][y][x]
    int down[3];    // of them in each dimension, 1 or 2
    bool lacks;     // whether the second one lacks the last tap in each of three dimensions
    bool apart;     // phases stand one after another, each with all channels; or else as neighbors, for each channel
    int shift[3];   // of planes: pixel i is phase (i + shift) % down of position (i + shift) / down
} ork_phase_channels;

// The phases of a plane that are left, in order.
typedef struct {
    int count;
    int32_t phases[8];
} ork_phases_left;

// lacking: the dimensions in which a point is at infinity and a tap is lacking, bits 0...2.
ork_phases_left ork_phases_left_where(const ork_phase_channels *channels, int lacking);
// That of each point.
void ork_lacking_dimensions(
    const ork_phase_channels *channels, const ork_winograd_plan *plan, uint8_t lacking[ORK_MOST_POINTS]);
// Where each point's weights begin in those of one output block, and where those end: bytes.
void ork_left_weights(
    const ork_phase_channels *channels, const ork_winograd_plan *plan, int type, int64_t begins[ORK_MOST_POINTS + 1]);
size_t ork_left_weight_bytes(const ork_convolution *c, const ork_phase_channels *channels);
// Packs weights of which nothing stays but what is left. Nonzero where there is no memory for all of them.
int ork_pack_left_weights(
    const ork_convolution *c, const ork_phase_channels *channels, ork_plain_weights weights, void *packed);
