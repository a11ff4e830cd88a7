#define ORK_NARROW
#include "../training_tiles.c"
