/* Sparse linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: the stream "block1x4" over quads of inputs, on a word boundary.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four.
 * Fast because a block is decoded once for four tokens, whose widened inputs lie side by side. */
#include "tfc/product.h"
#include "tfc/sparse1x4.h"

void tfc_linear_s8_sparse1x4(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_linear_panels(tfc_sparse1x4_channels, TFC_BY_QUADS, f->tokens, f, x, w, b, r, scratch, y);
}
