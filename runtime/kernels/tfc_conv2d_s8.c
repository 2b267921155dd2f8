/* Convolution without groups, any window, stride, padding and dilation.
 * w: what the loops of f->result read, on a word boundary; b: 0, it is in w.
 * scratch: as tfc_conv2d_strips says.
 * Fast because inputs are widened once for all taps, and each word of weights serves many pixels. */
#include "tfc/strips.h"

void tfc_conv2d_s8(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_conv2d_strips(f, x, w, r, scratch, y);
}
