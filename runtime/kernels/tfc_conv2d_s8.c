/* Dense convolution without groups, any window, stride, padding and dilation.
 * w: pairs of output channels over quads of flattened (ky, kx, c) inputs, format "pairs" of backends/formats.py.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four, then c bytes (c a multiple of 4) or a window of whole quads.
 * Fast because four windows are widened once and each word of them and of the weights then feeds SMLADs of 2 x 4 outputs. */
#include "tfc/dense.h"
#include "tfc/product.h"

void tfc_conv2d_s8(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_conv2d_panels(tfc_dense_channels, TFC_BY_QUADS, f, x, w, b, r, scratch, y);
}
