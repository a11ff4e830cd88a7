#define ORK_NARROW
#include "../winograd_gradient_planes.c"
