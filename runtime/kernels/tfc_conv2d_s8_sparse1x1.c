/* Sparse convolution without groups, any window, stride, padding and dilation.
 * w: the stream "block1x1" over flattened (ky, kx, c) inputs, on a word boundary.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four, then c bytes (c a multiple of 4) or a window of whole quads.
 * Fast because a block is decoded once for four pixels, whose widened inputs lie side by side. */
#include "tfc/product.h"
#include "tfc/sparse1x1.h"

void tfc_conv2d_s8_sparse1x1(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_conv2d_panels(tfc_sparse1x1_channels, TFC_BY_ONES, f, x, w, b, r, scratch, y);
}
