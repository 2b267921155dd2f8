/* Weighted sum of two values of int8 that broadcast: add and sub.
 * a, b: strides of `walk`; y: row-major.
 * No scratch.
 * Fast because PKHBT and PKHTB make pairs (a, b) of two quads, and one SMLAD weighs and sums them. */
#include "tfc/add.h"

TFC_APART void row(const void *f, const int8_t *a, const int8_t *b, int8_t *y) {
    tfc_add_row(f, (struct tfc_sizes){1, 1, 1}, a, b, y);
}

void tfc_add_s8(const struct tfc_add *f, const void *a, const void *b, void *y) {
    tfc_rows(row, (struct tfc_sizes){1, 1, 1}, &f->walk, f, a, b, y);
}
