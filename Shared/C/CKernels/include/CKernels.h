#pragma once
// Kernels in C for the instructions that Swift cannot reach. Callers ask the processor first.
#include "convolution.h"
#include "gradients.h"
#include "processor.h"
#include "values.h"
