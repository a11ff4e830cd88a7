#pragma once
// Kernels in C for the instructions that Swift cannot reach. Callers ask the processor first.
#include "processor.h"
#include "training.h"
#include "training_portable.h"
#include "training_blocked.h"
