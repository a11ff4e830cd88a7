#define ORK_NARROW
#include "../convolution.c"
