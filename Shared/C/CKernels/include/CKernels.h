#pragma once
// Kernels in C for the instructions that Swift cannot reach. Callers ask the processor first.
#include "convolution.h"
#include "pixels.h"
#include "processor.h"
#include "values.h"
#include "training.h"
#include "training_portable.h"
#include "training_blocked.h"
