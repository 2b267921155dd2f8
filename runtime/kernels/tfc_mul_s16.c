/* Product of two values that broadcast, of which at least one, or the result, is int16.
 * a, b: strides of `walk`; y: row-major; the sizes of their elements are facts.
 * No scratch.
 * Fast because each mix of types has a loop of its own: two loads, one multiplication and one SMMLAR. */
#include "tfc/mul.h"

TFC_MIXES(tfc_mul_row)

void tfc_mul_s16(const struct tfc_mul *f, const void *a, const void *b, void *y) {
    struct tfc_sizes of = {f->a_bytes, f->b_bytes, f->y_bytes};
    tfc_rows(tfc_row_for(tfc_mixes, of), of, &f->walk, f, a, b, y);
}
