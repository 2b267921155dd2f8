/* Linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: what the loops of f->result read, on a word boundary; b: 0, it is in w.
 * scratch: as tfc_linear_strips says.
 * Fast because each word of weights serves many tokens. */
#include "tfc/strips.h"

void tfc_linear_s8(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    (void)b;
    tfc_linear_strips(f, x, w, r, scratch, y);
}
