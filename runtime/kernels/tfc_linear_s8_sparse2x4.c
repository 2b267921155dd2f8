/* Sparse linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; w: the stream "block2x4" of backends/strips.py with the biases, on a word boundary; b: 0.
 * scratch: as tfc_linear_strips says.
 * Fast because a block is decoded once for four tokens. */
#include "tfc/strip2x4.h"
#include "tfc/strips.h"

void tfc_linear_s8_sparse2x4(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_linear_strips(&tfc_strip2x4, f, f->tokens, x, w, r, scratch, y);
}
