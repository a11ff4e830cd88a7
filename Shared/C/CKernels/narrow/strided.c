#define ORK_NARROW
#include "../strided.c"
