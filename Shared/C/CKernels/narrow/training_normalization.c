#define ORK_NARROW
#include "../training_normalization.c"
