/* Sparse linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: the stream "block4x1" over inputs, on a word boundary.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four.
 * Fast because a block is decoded once for four tokens, whose widened inputs lie side by side. */
#include "tfc/product.h"
#include "tfc/sparse4x1.h"

void tfc_linear_s8_sparse4x1(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_linear_panels(tfc_sparse4x1_channels, TFC_BY_ONES, f->tokens, f, x, w, b, r, scratch, y);
}
