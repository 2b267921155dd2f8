/* Dense linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: the runs "pairs" of backends/strips.py with the biases, on a word boundary; b: 0.
 * scratch: as tfc_linear_strips says.
 * Fast because each word of four widened tokens and of the weights feeds SMLADs of 2 x 4 outputs; a last single token goes alone. */
#include "tfc/strip_dense.h"
#include "tfc/strips.h"

void tfc_linear_s8(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_linear_strips(&tfc_strip_dense, f, f->tokens, x, w, r, scratch, y);
}
