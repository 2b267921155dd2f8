/* Sparse linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: the stream "block2x2" over pairs of inputs, on a word boundary.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four.
 * Fast because a block is decoded once for four tokens, whose widened inputs lie side by side. */
#include "tfc/product.h"
#include "tfc/sparse2x2.h"

void tfc_linear_s8_sparse2x2(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_linear_panels(tfc_sparse2x2_channels, TFC_BY_PAIRS, f->tokens, f, x, w, b, r, scratch, y);
}
