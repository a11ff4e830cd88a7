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
} ork_pixels;

// Depth, height, width of one item and of a window over it.
typedef struct {
    int32_t in_size[3], out_size[3], kernel[3], stride[3], padding[3];
} ork_window;

// From and to float32 planes [items, planes, positions]. `places` says at which channel each plane lies; channels without
// a plane become zero.
void ork_pixels_from_planes(ork_pixels to, const float *planes, int64_t items, int32_t count, const int32_t *places);
void ork_pixels_to_planes(ork_pixels from, float *planes, int64_t items, int32_t count, const int32_t *places);

void ork_pixels_copy(ork_pixels from, ork_pixels to);
// to = first + second, or its positive part.
void ork_pixels_add(ork_pixels first, ork_pixels second, ork_pixels to, bool relu);
// to = from * scale + shift with one pair of numbers for each channel.
void ork_pixels_affine(ork_pixels from, const float *scale, const float *shift, ork_pixels to, bool relu);
void ork_pixels_rectify(ork_pixels from, ork_pixels to);

// The mean over the positions of each item; `to` has one pixel for each.
void ork_pixels_mean(ork_pixels from, int64_t items, ork_pixels to);
// Every stride-th position. Channels that only `to` has become zero.
void ork_pixels_pick(ork_pixels from, ork_pixels to, int64_t items, const ork_window *window);

typedef enum { ORK_POOL_MAXIMUM = 0, ORK_POOL_MEAN = 1, ORK_POOL_MEAN_WITH_PADDING = 2 } ork_pixel_pool;
void ork_pixels_pool(ork_pixels from, ork_pixels to, int64_t items, const ork_window *window, int32_t kind);

// Gradients, in float32. Each adds to the gradient of its input.
// gradient = 0 where the value is not positive.
void ork_gradient_mask(ork_pixels gradient, ork_pixels value);
void ork_gradient_affine(ork_pixels gradient, const float *scale, ork_pixels to);
void ork_gradient_mean(ork_pixels gradient, int64_t items, ork_pixels to);
void ork_gradient_pick(ork_pixels gradient, ork_pixels to, int64_t items, const ork_window *window);
// `from` are the values that a maximum was taken of; of equal ones the first gets the gradient. Unused by means.
void ork_gradient_pool(
    ork_pixels gradient, ork_pixels from, ork_pixels to, int64_t items, const ork_window *window, int32_t kind);

// Removes memory from the processor's caches, so that what is measured next finds it where a network would.
void ork_flush(const void *memory, int64_t bytes);

// y = x W^T + b: x [items, inputs], W [outputs, inputs] of float32 or (as upper halves) bfloat16, y [items, outputs].
void ork_linear(
    const float *x, const void *weights, bool is_bf16, const float *bias, float *y, int64_t items, int64_t inputs,
    int64_t outputs, int threads);
