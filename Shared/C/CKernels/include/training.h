#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Passes of training that are bound by memory, each in one go over its data. Threads are libgomp's, as oneDNN's.

// Optimizers, over a parameter's numbers in any order. See Training/Optimizers for the formulas.
typedef struct {
    float rate, momentum, decay;
    bool nesterov;
} ork_sgd_settings;

typedef struct {
    float rate;          // learning rate / (1 - beta1^t)
    float shrink;        // 1 - learning rate * weight decay
    float beta1, beta2, epsilon;
    float second_scale;  // 1 / sqrt(1 - beta2^t)
} ork_adamw_settings;

// velocity may be NULL where momentum is 0.
void ork_training_sgd(
    float *values, const float *gradients, float *velocity, size_t count, ork_sgd_settings settings, int threads);
void ork_training_adamw(
    float *values, const float *gradients, float *first, float *second, size_t count, ork_adamw_settings settings,
    int threads);
