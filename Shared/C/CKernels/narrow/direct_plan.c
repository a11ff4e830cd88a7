#define ORK_NARROW
#include "../direct_plan.c"
