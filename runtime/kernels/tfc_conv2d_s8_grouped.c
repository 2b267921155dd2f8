/* Convolution with any groups, window, stride, padding and dilation.
 * w: [out, kernel_h, kernel_w, c / groups] as it is.
 * No scratch.
 * Not fast: one product at a time, for the shapes that no other kernel takes. */
#include "tfc/window.h"

static int32_t accumulate(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, struct tfc_window at, int32_t channels, int32_t acc) {
    for (int32_t ky = 0; ky < f->kernel_h; ky++) {
        for (int32_t kx = 0; kx < f->kernel_w; kx++, w += channels) {
            const int8_t *tap = tfc_tap(f, x, at, ky, kx, 0);
            for (int32_t i = 0; i < channels; i++) acc = tfc_mla(tap ? tap[i] : f->zero, w[i], acc);
        }
    }
    return acc;
}

void tfc_conv2d_s8_grouped(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)scratch;
    int32_t channels = f->c / f->groups, outputs = f->out / f->groups, taps = f->kernel_h * f->kernel_w * channels;
    struct tfc_walk at = {.rows = 1, .n = 1};
    for (int32_t pixel = 0; pixel < f->out_h * f->out_w; pixel++) {
        struct tfc_window window = tfc_window_of(f, pixel);
        for (at.channel = 0; at.channel < f->out; at.channel++, at.first++) {
            int32_t sum = accumulate(f, x + at.channel / outputs * channels, w + at.channel * taps, window, channels, b[at.channel]);
            f->result.end(&f->result, &at, &sum, r, y);
        }
    }
}
