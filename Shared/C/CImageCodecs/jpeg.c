#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// After stdio.h, which it needs.
#include <jpeglib.h>

struct errors {
    struct jpeg_error_mgr manager;
    jmp_buf place;
};

static void leave(j_common_ptr info) { longjmp(((struct errors *)info->err)->place, 1); }

// A level below 0 is a warning: damaged data that libjpeg would paint over.
static void judge(j_common_ptr info, int level) {
    if (level < 0) leave(info);
}

static void stay_silent(j_common_ptr info) { (void)info; }

// A progressive picture may ask for thousands of passes over all of its pixels.
static void count_scans(j_common_ptr info) {
    if (((j_decompress_ptr)info)->input_scan_number > 200) leave(info);
}

enum picture_status picture_decode_jpeg(const uint8_t *bytes, size_t count, uint64_t most_pixels, struct picture *out) {
    memset(out, 0, sizeof *out);
    struct jpeg_decompress_struct info;
    memset(&info, 0, sizeof info);
    struct errors errors;
    struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
    // Written after setjmp and read after longjmp.
    uint8_t *volatile pixels = NULL;
    volatile enum picture_status status = picture_damaged;
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = leave;
    errors.manager.emit_message = judge;
    errors.manager.output_message = stay_silent;
    if (setjmp(errors.place)) {
        jpeg_destroy_decompress(&info);
        free(pixels);
        return status;
    }
    jpeg_create_decompress(&info);
    info.progress = &progress;
    info.mem->max_memory_to_use = 512L << 20;
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    if ((uint64_t)info.image_width * info.image_height > most_pixels) {
        status = picture_too_large;
        leave((j_common_ptr)&info);
    }
    if (info.num_components != 1 && info.num_components != 3) {
        status = picture_unsupported;
        leave((j_common_ptr)&info);
    }
    info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    const size_t row_bytes = (size_t)info.output_width * (size_t)info.output_components;
    pixels = malloc(row_bytes * info.output_height);
    if (!pixels) {
        status = picture_no_memory;
        leave((j_common_ptr)&info);
    }
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = pixels + row_bytes * info.output_scanline;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    *out = (struct picture){
        info.output_width, info.output_height, (uint32_t)info.output_components, 1, pixels};
    jpeg_destroy_decompress(&info);
    return picture_fine;
}
