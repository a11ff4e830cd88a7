#define ORK_NARROW
#include "../winograd.c"
