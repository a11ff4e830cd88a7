#pragma once
#include <stddef.h>

// Splits 0 ..< count evenly over threads of libgomp's pool, in multiples of `grain`.
typedef void (*ork_range_body)(const void *data, size_t first, size_t last);
void ork_training_parallel(size_t count, size_t grain, int threads, ork_range_body body, const void *data);
