#pragma once
// Kernels in C for the instructions that Swift cannot reach. Callers ask the processor first.
#include "convolution.h"
#include "gradients.h"
#include "half_gradient.h"
#include "pixels.h"
#include "pooling.h"
#include "processor.h"
#include "shared_gradient.h"
#include "training.h"
#include "training_blocked.h"
#include "training_portable.h"
#include "winograd_gradient.h"
#include "winograd_training.h"
