/* Sparse convolution without groups, any window, stride, padding and dilation.
 * w: the stream "block2x4" of backends/strips.py with the biases, on a word boundary; b: 0.
 * scratch: as tfc_conv2d_strips says.
 * Fast because a block is decoded once for four pixels, whose inputs are widened once for all taps. */
#include "tfc/strip2x4.h"
#include "tfc/strips.h"

void tfc_conv2d_s8_sparse2x4(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_conv2d_strips(&tfc_strip2x4, f, x, w, r, scratch, y);
}
