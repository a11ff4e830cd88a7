#define ORK_NARROW
#include "../phases_pooled.c"
