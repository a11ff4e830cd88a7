#define ORK_NARROW
#include "../direct.c"
