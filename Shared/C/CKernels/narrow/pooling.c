#define ORK_NARROW
#include "../pooling.c"
