#define ORK_NARROW
#include "../weight_gradient.c"
