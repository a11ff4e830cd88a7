#define ORK_NARROW
#include "../winograd_plan.c"
