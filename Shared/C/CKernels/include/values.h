#pragma once
#include <stdbool.h>
#include <stdint.h>

// What networks do with values beside convolutions: conversion of layouts, sums, rectification, pools.
//
// A value lies channels last: `pixels` of all items, one after another, `stride` elements apart, each with `channels`
// numbers (a multiple of 16) of float32 (`is_bf16` false) or bfloat16. A part of a wider value is a pointer into it with
// the wider value's stride.
typedef struct {
    void *data;
    bool is_bf16;
    int32_t channels;
    int64_t stride;
    int64_t pixels;
} ork_value;

// Depth, height, width of one item and of a window over it.
typedef struct {
    int32_t in_size[3], out_size[3], kernel[3], stride[3], padding[3];
} ork_window;

// From and to float32 planes [items, planes, positions]. `places` says at which channel each plane lies; channels without
// a plane become zero.
void ork_value_from_planes(ork_value to, const float *planes, int64_t items, int32_t count, const int32_t *places);
void ork_value_to_planes(ork_value from, float *planes, int64_t items, int32_t count, const int32_t *places);

void ork_value_copy(ork_value from, ork_value to);
// to = first + second, or its positive part.
void ork_value_add(ork_value first, ork_value second, ork_value to, bool relu);
// to = from * scale + shift with one pair of numbers for each channel.
void ork_value_affine(ork_value from, const float *scale, const float *shift, ork_value to, bool relu);
void ork_value_rectify(ork_value from, ork_value to);

// The mean over the positions of each item; `to` has one pixel for each.
void ork_value_mean(ork_value from, int64_t items, ork_value to);
// Every stride-th position. Channels that only `to` has become zero.
void ork_value_pick(ork_value from, ork_value to, int64_t items, const ork_window *window);

typedef enum { ORK_POOL_MAXIMUM = 0, ORK_POOL_MEAN = 1, ORK_POOL_MEAN_WITH_PADDING = 2 } ork_pool;
void ork_value_pool(ork_value from, ork_value to, int64_t items, const ork_window *window, int32_t kind);

// Gradients, in float32. Each adds to the gradient of its input.
// gradient = 0 where the value is not positive.
void ork_gradient_mask(ork_value gradient, ork_value value);
void ork_gradient_affine(ork_value gradient, const float *scale, ork_value to);
void ork_gradient_mean(ork_value gradient, int64_t items, ork_value to);
void ork_gradient_pick(ork_value gradient, ork_value to, int64_t items, const ork_window *window);
// `from` are the values that a maximum was taken of; of equal ones the first gets the gradient. Unused by means.
void ork_gradient_pool(
    ork_value gradient, ork_value from, ork_value to, int64_t items, const ork_window *window, int32_t kind);
