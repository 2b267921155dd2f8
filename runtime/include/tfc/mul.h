/* Products of two values that broadcast, for any types of elements. */
#ifndef TFC_MUL_H
#define TFC_MUL_H

#include "tfc/broadcast.h"

TFC_INLINE void tfc_products(const struct tfc_mul *facts, struct tfc_sizes of, int full, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_mul f = *facts; /* no store can change the copy */
    const struct tfc_requantize *r = &f.result;
    int32_t a_step = f.walk.a[3] * of.a, b_step = f.walk.b[3] * of.b;
    for (int8_t *end = y + f.walk.n[3] * of.y; y != end; a += a_step, b += b_step, y += of.y) {
        int32_t acc = tfc_shl((tfc_get(a, of.a) - f.a_zero) * (tfc_get(b, of.b) - f.b_zero), r->shift);
        tfc_put(y, of.y, tfc_cut_to(of.y, tfc_smmlar(acc, r->multiplier, r->zero), full, r->lo, r->hi));
    }
}

TFC_INLINE void tfc_mul_row(const struct tfc_mul *f, struct tfc_sizes of, const int8_t *a, const int8_t *b, int8_t *y) {
    if (tfc_is_whole(of.y, f->result.lo, f->result.hi)) tfc_products(f, of, 1, a, b, y);
    else tfc_products(f, of, 0, a, b, y);
}

#endif
