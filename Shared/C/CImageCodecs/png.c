#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const uint8_t *bytes;
    size_t count;
    size_t position;
};

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    struct source *source = png_get_io_ptr(png);
    if (count > source->count - source->position) png_error(png, "short");
    memcpy(target, source->bytes + source->position, count);
    source->position += count;
}

static void fail(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

// Text, profiles and the like are neither kept nor inflated.
static void drop_ancillary(png_structp png) { png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); }

enum picture_status picture_decode_png(const uint8_t *bytes, size_t count, uint64_t most_pixels, struct picture *out) {
    memset(out, 0, sizeof *out);
    struct source source = {bytes, count, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore);
    if (!png) return picture_no_memory;
    png_infop info = png_create_info_struct(png);
    // Written after setjmp and read after longjmp.
    uint8_t *volatile pixels = NULL;
    png_bytep *volatile rows = NULL;
    volatile enum picture_status status = picture_damaged;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return picture_no_memory;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(rows);
        free(pixels);
        return status;
    }
    drop_ancillary(png);
    png_set_user_limits(png, 1u << 20, 1u << 20);
    png_set_chunk_cache_max(png, 64);
    png_set_chunk_malloc_max(png, 4u << 20);
    png_set_read_fn(png, &source, read_bytes);
    png_read_info(png, info);
    const png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if ((uint64_t)width * height > most_pixels) {
        status = picture_too_large;
        png_longjmp(png, 1);
    }
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_alpha(png);
    const uint16_t probe = 1;
    if (png_get_bit_depth(png, info) == 16 && *(const uint8_t *)&probe == 1) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const png_byte channels = png_get_channels(png, info), depth = png_get_bit_depth(png, info);
    if ((channels != 1 && channels != 3) || (depth != 8 && depth != 16)) {
        status = picture_unsupported;
        png_longjmp(png, 1);
    }
    const size_t row_bytes = png_get_rowbytes(png, info);
    status = picture_no_memory;
    pixels = malloc(row_bytes * height);
    rows = malloc(sizeof(png_bytep) * height);
    if (!pixels || !rows) png_longjmp(png, 1);
    status = picture_damaged;
    for (png_uint_32 row = 0; row < height; row++) rows[row] = pixels + row_bytes * row;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    *out = (struct picture){width, height, channels, depth / 8, pixels};
    return picture_fine;
}

void picture_free(struct picture *picture) {
    free(picture->pixels);
    picture->pixels = NULL;
}
