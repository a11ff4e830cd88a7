#include "form.h"
#include "tile.h"
#include "vectors.h"
#include "winograd.h"

#ifdef ORK_NARROW
enum { SLICED_ROOM = 340 << 10 };
#else
enum { SLICED_ROOM = 800 << 10 };
#endif

static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Whether tiles of eight outputs take fewer products along a volume's depth than such of four. They round more.
static bool is_deep(const ork_convolution *c) {
    const bool is_volume = c->kernel[1] > 1 && c->kernel[2] > 1;
    const bool has_room = c->kernel[1] <= 4 && c->kernel[2] <= 4;  // for the points: 11 x 7 x 7
    return c->variant == ORK_DEEP && is_volume && has_room
        && ceiling(c->out_size[0], 8) * 11 < ceiling(c->out_size[0], 4) * 7;
}

// Points along one dimension; 0 where there is no transform for this kernel.
static int points_for(const ork_convolution *c, int dimension) {
    const int r = c->kernel[dimension];
    const int lines = (c->kernel[0] > 1) + (c->kernel[1] > 1) + (c->kernel[2] > 1);
    const bool is_longer = c->variant == 2 || c->variant == ORK_DEEP;
    switch (r) {
    case 1: return 1;
    case 2: return is_longer ? 6 : c->variant == ORK_SHORTEST ? 3 : 4;
    case 3: {
        const bool is_long = is_longer || (c->variant == 0 && c->type != ORK_BF16 && dimension > 0);
        return is_long && c->out_size[dimension] > 2 ? 6 : 4;
    }
    case 4: return is_longer ? dimension == 0 && is_deep(c) ? 11 : 7 : 6;
    case 5: return is_longer ? 8 : 6;
    case 7: return c->variant == 1 || c->out_size[dimension] < 4 || lines > 1 ? 8 : 10;
    default: return 0;
    }
}

bool ork_winograd_supported(const ork_convolution *c) {
    int points = 1;
    for (int i = 0; i < 3; i++) {
        const int n = points_for(c, i);
        if (!n || c->stride[i] != 1 || c->dilation[i] != 1) return false;
        if (c->kernel[i] == 1 && c->padding[i] != 0) return false;
        points *= n;
    }
    return c->in_channels % 16 == 0 && points > 1 && points <= ORK_MOST_POINTS;
}

static void share(ork_winograd_plan *plan, int threads) {
    const int64_t pairs = ceiling(plan->output_blocks, ORK_TILE_BLOCKS);
    double best = 1e300;
    for (int outputs = 1; outputs <= threads; outputs++) {
        const int pixels = threads / outputs;
        if (threads % outputs || pixels > plan->tiles || outputs > pairs) continue;
        // Transforms of the input are done by every thread that shares outputs; weights come from far at every set.
        const double tiles = (double)ceiling(plan->tiles, pixels), blocks = (double)ceiling(pairs, outputs) * 2;
        const double products = tiles * blocks * plan->chunks * 8, input = tiles * plan->chunks * 3;
        const double weights = blocks * plan->chunks * 16 * 2.5 * ceiling(plan->tiles / pixels, 28);
        const double cost = (products > weights ? products : weights) + input;
        if (cost < best) best = cost, plan->pixel_parts = pixels, plan->output_parts = outputs;
    }
}

ork_winograd_plan ork_winograd_cut(const ork_convolution *c, int threads) {
    ork_winograd_plan plan = {0};
    plan.points = 1, plan.tiles = c->batch;
    for (int i = 0; i < 3; i++) {
        plan.n[i] = points_for(c, i), plan.m[i] = plan.n[i] - c->kernel[i] + 1;
        plan.grid[i] = ceiling(c->out_size[i], plan.m[i]);
        plan.points *= plan.n[i], plan.tiles *= plan.grid[i];
    }
    plan.chunks = c->in_channels / 16, plan.output_blocks = c->out_channels / 16;
    plan.pixel_parts = plan.output_parts = 1;
    share(&plan, threads < 1 ? 1 : threads);
    const int64_t bytes = (int64_t)ork_bytes(ork_value_type(c->type));
    const int64_t tile_bytes = plan.points * plan.chunks * 16 * bytes;
    const int64_t own = ceiling(plan.tiles, plan.pixel_parts);
    // Where all sums of two output blocks would not stay near, those of one slice of points do.
    const bool is_square = plan.n[1] == plan.n[2] && plan.m[1] == plan.m[2];
    const bool has_planes = plan.n[0] > 1 && plan.n[1] > 1 && is_square && plan.n[1] <= 8;
    const bool is_sliced = has_planes && own * plan.points * 2 * 64 > 256 << 10;
    plan.slices = is_sliced ? plan.n[0] : 1;
    const int64_t slice_points = plan.points / plan.slices;
    const int64_t plane_tile = is_sliced ? (int64_t)plan.n[0] * plan.m[1] * plan.m[2] * 64 : 0;
    // What is touched again and again for one pair of output blocks, or transforms and all their products.
    const int64_t room = is_sliced ? SLICED_ROOM : 400 << 10;
    const int64_t busy = is_sliced ? 2 * (slice_points * 64 + plane_tile) + tile_bytes / plan.slices : tile_bytes * 2;
    const int64_t sets = is_sliced ? room / (busy * ORK_TILE_PIXELS) : 1 + room / (busy * ORK_TILE_PIXELS);
    plan.group = ORK_TILE_PIXELS * smaller(ORK_MOST_SETS, sets < 1 ? 1 : sets);
    plan.group = smaller(plan.group, own);
    const int64_t sum_tile = slice_points * 64;
    plan.output_group = is_sliced ? 2 : (160 << 10) / (sum_tile * plan.group) / 2 * 2;
    if (plan.output_group < 2) plan.output_group = 2;
    plan.output_group = smaller(plan.output_group, (plan.output_blocks + 1) / 2 * 2);
    plan.input_bytes = (size_t)(tile_bytes * plan.group);
    plan.sum_bytes = (size_t)(sum_tile * plan.group * plan.output_group);
    plan.plane_bytes = (size_t)(plane_tile * plan.group * plan.output_group);
    plan.line_bytes = (size_t)2 * 64 * (size_t)plan.points;
    return plan;
}

size_t ork_winograd_scratch_bytes(const ork_convolution *c, int threads) {
    const ork_winograd_plan plan = ork_winograd_cut(c, threads);
    const size_t each = plan.input_bytes + plan.sum_bytes + plan.plane_bytes + plan.line_bytes;
    return each * (size_t)(plan.pixel_parts * plan.output_parts);
}

size_t ork_winograd_packed_bytes(const ork_convolution *c) {
    const ork_winograd_plan plan = ork_winograd_cut(c, 1);
    return (size_t)(plan.chunks * plan.output_blocks * plan.points) * 256 * ork_bytes(c->type);
}

void ork_winograd_rows(int n, int r, double rows[ORK_MOST_LINE][ORK_MOST_LINE]) {
    static const float points[ORK_MOST_LINE - 2][ORK_MOST_PAIRS] = ORK_POINTS;
    double finite[ORK_MOST_LINE] = {0};
    if (n == 1) {
        rows[0][0] = 1;
        return;
    }
    const int zero = n % 2 == 0;
    for (int j = zero; j < n - 1; j++) finite[j] = points[n - 3][(j - zero) / 2] * ((j - zero) % 2 ? -1 : 1);
    for (int j = 0; j < n - 1; j++) {
        double product = 1, power = 1;
        for (int k = 0; k < n - 1; k++)
            if (k != j) product *= finite[j] - finite[k];
        for (int i = 0; i < r; i++, power *= finite[j]) rows[j][i] = power / product;
    }
    for (int i = 0; i < r; i++) rows[n - 1][i] = i == r - 1;
}
