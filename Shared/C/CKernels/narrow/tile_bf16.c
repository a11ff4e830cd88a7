#define ORK_NARROW
#include "../tile_bf16.c"
