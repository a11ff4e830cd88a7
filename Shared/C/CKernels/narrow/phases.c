#define ORK_NARROW
#include "../phases.c"
