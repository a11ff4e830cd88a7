#define ORK_NARROW
#include "../left_weights.c"
