#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// After stdio.h, which it needs.
#include <jpeglib.h>

struct encode_errors {
    struct jpeg_error_mgr manager;
    jmp_buf place;
};

static void leave(j_common_ptr info) { longjmp(((struct encode_errors *)info->err)->place, 1); }

static void stay_silent(j_common_ptr info) { (void)info; }

enum picture_status picture_encode_jpeg(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **bytes, size_t *count) {
    struct jpeg_compress_struct info;
    memset(&info, 0, sizeof info);
    struct encode_errors errors;
    // libjpeg writes these when it finishes.
    unsigned char *output = NULL;
    unsigned long size = 0;
    *bytes = NULL;
    *count = 0;
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = leave;
    errors.manager.output_message = stay_silent;
    if (setjmp(errors.place)) {
        jpeg_destroy_compress(&info);
        return picture_no_memory;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &output, &size);
    info.image_width = width;
    info.image_height = height;
    info.input_components = 1;
    info.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    *bytes = output;
    *count = size;
    return picture_fine;
}

void picture_free_bytes(uint8_t *bytes) { free(bytes); }
