#define ORK_NARROW
#include "../winograd_weights.c"
