#define ORK_NARROW
#include "../tile_f32.c"
