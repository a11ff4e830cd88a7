#define ORK_NARROW
#include "../winograd_gradient.c"
