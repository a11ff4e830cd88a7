#define ORK_NARROW
#include "../data_gradient.c"
