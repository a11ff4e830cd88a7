#define ORK_NARROW
#include "../tile_f16.c"
