/* Dense convolution without groups, any window, stride, padding and dilation.
 * w: the runs "pairs" of backends/strips.py with the biases, on a word boundary; b: 0.
 * scratch: as tfc_conv2d_strips says.
 * Fast because each word of four widened pixels and of the weights feeds SMLADs of 2 x 4 outputs. */
#include "tfc/strip_dense.h"
#include "tfc/strips.h"

void tfc_conv2d_s8(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_conv2d_strips(&tfc_strip_dense, f, x, w, r, scratch, y);
}
