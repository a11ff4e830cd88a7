#pragma once

#include <stddef.h>
#include <stdint.h>

/// What became of a picture.
enum picture_status {
    picture_fine = 0,
    picture_damaged = 1,
    picture_too_large = 2,
    picture_unsupported = 3,
    picture_no_memory = 4,
};

/// Pixels row by row, channels interleaved, in the machine's byte order.
struct picture {
    uint32_t width;
    uint32_t height;
    /// 1 (gray) or 3 (red, green, blue).
    uint32_t channels;
    /// 1 or 2.
    uint32_t bytes_per_sample;
    void *pixels;
};

// libpng and libjpeg leave their functions by longjmp when a file is damaged, which must not pass through Swift: these
// two functions are where it ends. Warnings of the libraries count as damage; nothing is printed.

/// Decodes a PNG; palettes become colors, transparency is dropped, fewer than 8 bits become 8.
enum picture_status picture_decode_png(const uint8_t *bytes, size_t count, uint64_t most_pixels, struct picture *out);

/// Decodes a JPEG, baseline or progressive, gray or in color.
enum picture_status picture_decode_jpeg(const uint8_t *bytes, size_t count, uint64_t most_pixels, struct picture *out);

/// Frees the pixels.
void picture_free(struct picture *picture);

/// Encodes gray pixels of 8 bits as a baseline JPEG. `*bytes` is libjpeg's, to be freed with `picture_free_bytes`.
enum picture_status picture_encode_jpeg(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **bytes, size_t *count);

/// Frees encoded bytes.
void picture_free_bytes(uint8_t *bytes);
