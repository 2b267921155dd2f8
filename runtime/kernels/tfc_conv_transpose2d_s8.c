/* Transposed convolution, any groups, window, stride, padding and dilation.
 * w: [out, kernel_h, kernel_w, c / groups] as it is; b as it is, for what is not under a tap counts as zero, not as padding.
 * No scratch.
 * Not fast: one product at a time, gathered from the side of the result. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

/* The source of an output under a tap, or -1. */
static int32_t source(int32_t at, int32_t pad, int32_t tap, int32_t dilation, int32_t stride, int32_t n) {
    int32_t from = at + pad - tap * dilation, index = from / stride;
    return from >= 0 && index * stride == from && index < n ? index : -1;
}

static int32_t accumulate(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, int32_t row, int32_t column, int32_t channels, int32_t acc) {
    for (int32_t ky = 0; ky < f->kernel_h; ky++) {
        int32_t y = source(row, f->pad_top, ky, f->dilation_h, f->stride_h, f->h);
        for (int32_t kx = 0; kx < f->kernel_w; kx++, w += channels) {
            int32_t at = source(column, f->pad_left, kx, f->dilation_w, f->stride_w, f->w);
            if (y < 0 || at < 0) continue;
            const int8_t *from = x + (y * f->w + at) * f->c;
            for (int32_t i = 0; i < channels; i++) acc = tfc_mla(from[i] - f->zero, w[i], acc);
        }
    }
    return acc;
}

void tfc_conv_transpose2d_s8(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, void *y) {
    int32_t channels = f->c / f->groups, outputs = f->out / f->groups, taps = f->kernel_h * f->kernel_w * channels;
    struct tfc_walk at = {.rows = 1, .n = 1};
    for (int32_t pixel = 0; pixel < f->out_h * f->out_w; pixel++) {
        for (at.channel = 0; at.channel < f->out; at.channel++, at.first++) {
            const int8_t *from = x + at.channel / outputs * channels;
            int32_t sum = accumulate(f, from, w + at.channel * taps, pixel / f->out_w, pixel % f->out_w, channels, b[at.channel]);
            f->result.end(&f->result, &at, &sum, 0, y);
        }
    }
}
