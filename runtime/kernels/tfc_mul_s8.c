/* Product of two values that broadcast.
 * a, b: strides of `walk`; y: row-major.
 * No scratch.
 * Fast because a row is a plain loop of two loads, one multiplication and one SMMLAR. */
#include "tfc/kernels.h"
#include "tfc/result.h"

TFC_INLINE void products(const struct tfc_mul *facts, int full, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_mul f = *facts; /* no store can change the copy */
    const struct tfc_requantize *r = &f.result;
    int32_t a_step = f.walk.a[3], b_step = f.walk.b[3];
    for (int8_t *end = y + f.walk.n[3]; y != end; a += a_step, b += b_step) {
        int32_t acc = tfc_shl((*a - f.a_zero) * (*b - f.b_zero), r->shift);
        *y++ = tfc_cut(tfc_smmlar(acc, r->multiplier, r->zero), full, r->lo, r->hi);
    }
}

TFC_APART void row(const struct tfc_mul *f, const int8_t *a, const int8_t *b, int8_t *y) {
    if (tfc_is_full(f->result.lo, f->result.hi)) products(f, 1, a, b, y);
    else products(f, 0, a, b, y);
}

void tfc_mul_s8(const struct tfc_mul *f, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_broadcast *walk = &f->walk;
    for (int32_t i = 0; i < walk->n[0]; i++) {
        for (int32_t j = 0; j < walk->n[1]; j++) {
            for (int32_t k = 0; k < walk->n[2]; k++, y += walk->n[3]) {
                const int8_t *from_a = a + i * walk->a[0] + j * walk->a[1] + k * walk->a[2];
                const int8_t *from_b = b + i * walk->b[0] + j * walk->b[1] + k * walk->b[2];
                row(f, from_a, from_b, y);
            }
        }
    }
}
