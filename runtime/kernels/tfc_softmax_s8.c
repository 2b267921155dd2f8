/* Softmax along the last axis.
 * x, y: [rows, n]; the table gives 15-bit exponents of the distance to the row's maximum.
 * No scratch: exponents are looked up twice.
 * Fast because a row costs one division, and an element two loads and one SMMLAR. */
#include "tfc/reciprocal.h"
#include "tfc/result.h"

TFC_INLINE void softmax(const struct tfc_softmax *facts, int full, const int8_t *x, int8_t *y) {
    const struct tfc_softmax f = *facts; /* no store can change the copy */
    for (int32_t row = 0; row < f.rows; row++) {
        const int8_t *end = x + f.n, *from;
        int32_t top = -128, sum = 0;
        for (from = x; from != end; from++) top = *from > top ? *from : top;
        for (from = x; from != end; from++) sum += f.exponent[top - *from];
        int32_t factor = tfc_reciprocal(sum, f.reciprocal);
        for (; x != end; x++) *y++ = tfc_cut(tfc_smmlar(f.exponent[top - *x], factor, f.zero), full, f.lo, f.hi);
    }
}

void tfc_softmax_s8(const struct tfc_softmax *f, const int8_t *x, int8_t *y) {
    if (tfc_is_full(f->lo, f->hi)) softmax(f, 1, x, y);
    else softmax(f, 0, x, y);
}
