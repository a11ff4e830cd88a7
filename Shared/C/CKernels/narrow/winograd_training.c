#define ORK_NARROW
#include "../winograd_training.c"
