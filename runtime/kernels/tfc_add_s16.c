/* Weighted sum of two values that broadcast, of which at least one, or the result, is int16: add and sub.
 * a, b: strides of `walk`; y: row-major; the sizes of their elements are facts.
 * No scratch.
 * Fast because each mix of types has a loop of its own: of pairs (a, b), which one SMLAD weighs and sums. */
#include "tfc/add.h"

TFC_MIXES(tfc_add_row)

void tfc_add_s16(const struct tfc_add *f, const void *a, const void *b, void *y) {
    struct tfc_sizes of = {f->a_bytes, f->b_bytes, f->y_bytes};
    tfc_rows(tfc_row_for(tfc_mixes, of), of, &f->walk, f, a, b, y);
}
