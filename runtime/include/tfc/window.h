/* Where the windows of a convolution lie in its input, and their bytes one behind another. */
#ifndef TFC_WINDOW_H
#define TFC_WINDOW_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

/* Words of four inputs, or channels. */
TFC_INLINE int32_t tfc_quads(int32_t inputs) {
    return (inputs + 3) >> 2;
}

/* Where the window of an output pixel begins in the input; it may lie in the padding. */
struct tfc_window {
    int32_t y, x;
};

TFC_INLINE struct tfc_window tfc_window_of(const struct tfc_conv2d *f, int32_t pixel) {
    int32_t row = pixel / f->out_w;
    return (struct tfc_window){row * f->stride_h - f->pad_top, (pixel - row * f->out_w) * f->stride_w - f->pad_left};
}

/* The inputs under one tap of a window, or `outside` where that is padding. */
TFC_INLINE const int8_t *tfc_tap(const struct tfc_conv2d *f, const int8_t *x, struct tfc_window at, int32_t ky, int32_t kx, const int8_t *outside) {
    int32_t row = at.y + ky * f->dilation_h, column = at.x + kx * f->dilation_w;
    int inside = (uint32_t)row < (uint32_t)f->h && (uint32_t)column < (uint32_t)f->w;
    return inside ? x + (row * f->w + column) * f->c : outside;
}

TFC_INLINE int8_t *tfc_copy_run(int8_t *to, const int8_t *from, int32_t n) {
    for (; n >= 4; n -= 4, to += 4, from += 4) tfc_store(to, tfc_load(from));
    for (; n > 0; n--) *to++ = *from++;
    return to;
}

TFC_INLINE int8_t *tfc_fill_run(int8_t *to, int32_t value, int32_t n) {
    for (; n > 0; n--) *to++ = (int8_t)value;
    return to;
}

/* Gathers the inputs of one window as bytes, ky, kx, c: a quad may then span taps. `column` has room for whole quads.
 * Neighbouring taps are neighbouring bytes: a row of a window that lies inside is one run. */
TFC_APART void tfc_gather_window(int8_t *column, const struct tfc_conv2d *f, const int8_t *x, struct tfc_window at) {
    int32_t c = f->c, inside = f->dilation_w == 1 && at.x >= 0 && at.x + f->kernel_w <= f->w;
    for (int32_t ky = 0; ky < f->kernel_h; ky++) {
        int32_t row = at.y + ky * f->dilation_h;
        if ((uint32_t)row >= (uint32_t)f->h) {
            column = tfc_fill_run(column, f->zero, f->kernel_w * c);
        } else if (inside) {
            column = tfc_copy_run(column, x + (row * f->w + at.x) * c, f->kernel_w * c);
        } else {
            for (int32_t kx = 0; kx < f->kernel_w; kx++) {
                const int8_t *tap = tfc_tap(f, x, at, ky, kx, 0);
                column = tap ? tfc_copy_run(column, tap, c) : tfc_fill_run(column, f->zero, c);
            }
        }
    }
}

#endif
