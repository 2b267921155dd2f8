/* Product of two values of int8 that broadcast.
 * a, b: strides of `walk`; y: row-major.
 * No scratch.
 * Fast because a row is a plain loop of two loads, one multiplication and one SMMLAR. */
#include "tfc/mul.h"

TFC_APART void row(const void *f, const int8_t *a, const int8_t *b, int8_t *y) {
    tfc_mul_row(f, (struct tfc_sizes){1, 1, 1}, a, b, y);
}

void tfc_mul_s8(const struct tfc_mul *f, const void *a, const void *b, void *y) {
    tfc_rows(row, (struct tfc_sizes){1, 1, 1}, &f->walk, f, a, b, y);
}
