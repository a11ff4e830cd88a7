#include "phase_channels.h"

ork_phases_left ork_phases_left_where(const ork_phase_channels *channels, int lacking) {
    const int *down = channels->down;
    ork_phases_left left = {0};
    for (int r = 0; r < channels->phases; r++) {
        const int second[3] = {r / (down[1] * down[2]), r / down[2] % down[1], r % down[2]};
        bool is_left = true;
        for (int i = 0; i < 3; i++) is_left &= !(second[i] && lacking & 1 << i);
        if (is_left) left.phases[left.count++] = r;
    }
    return left;
}

void ork_lacking_dimensions(
    const ork_phase_channels *channels, const ork_winograd_plan *plan, uint8_t lacking[ORK_MOST_POINTS]) {
    const int *n = plan->n;
    for (int point = 0; point < plan->points; point++) {
        const int at[3] = {point / (n[1] * n[2]), point / n[2] % n[1], point % n[2]};
        lacking[point] = 0;
        for (int i = 0; i < 3; i++)
            if (channels->lacks && at[i] == n[i] - 1) lacking[point] |= (uint8_t)(1 << i);
    }
}
