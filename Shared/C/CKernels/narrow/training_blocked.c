#define ORK_NARROW
#include "../training_blocked.c"
