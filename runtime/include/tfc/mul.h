/* Products of two values that broadcast, for any types of elements. */
#ifndef TFC_MUL_H
#define TFC_MUL_H

#include "tfc/broadcast.h"
#include "tfc/quads.h"

/* The elements i of both, which have one place in their words if their sizes are equal. */
TFC_INLINE int32_t tfc_quad_product(struct tfc_quad a, struct tfc_quad b, struct tfc_sizes of, int32_t i) {
    uint32_t wa = tfc_quad_word(a, of.a, i), wb = tfc_quad_word(b, of.b, i);
    if (tfc_quad_is_top(of.a, i)) return tfc_quad_is_top(of.b, i) ? tfc_smultt(wa, wb) : tfc_smlatb(wa, wb, 0);
    return tfc_quad_is_top(of.b, i) ? tfc_smlatb(wb, wa, 0) : tfc_smulbb(wa, wb);
}

/* Products of int8 whose shift is 0 fit 16 bits: what multiplies them is less than a half. */
TFC_INLINE void tfc_mul_quads(const struct tfc_mul *facts, struct tfc_sizes of, const int8_t *a, const int8_t *b, int32_t n, int b_repeats, int8_t *y) {
    const struct tfc_mul f = *facts; /* no store can change the copy */
    uint32_t minus_a = tfc_pkhbt((uint32_t)-f.a_zero, (uint32_t)-f.a_zero), minus_b = tfc_pkhbt((uint32_t)-f.b_zero, (uint32_t)-f.b_zero);
    int packs = of.a == 1 && of.b == 1 && of.y == 1;
    int32_t m = f.result.multiplier, zero = f.result.zero + (packs ? TFC_BIAS : 0);
    uint32_t one = (uint32_t)(tfc_get(b, of.b) - f.b_zero), pair = tfc_pkhbt(one, one);
    TFC_ROLLED for (const int8_t *end = y + n * of.y; y != end; a += 4 * of.a, b += 4 * of.b, y += 4 * of.y) {
        struct tfc_quad qa = tfc_quad_from(a, of.a, minus_a), qb = b_repeats ? (struct tfc_quad){{pair, pair}} : tfc_quad_from(b, of.b, minus_b);
        int32_t v[4];
        for (int32_t i = 0; i < 4; i++) v[i] = tfc_quad_product(qa, qb, of, i);
        for (int32_t i = 0; i < 4; i++) v[i] = tfc_smmlar(v[i], m, zero);
        if (packs) tfc_store(y, tfc_packed(v));
        for (int32_t i = 0; !packs && i < 4; i++) tfc_put(y + i * of.y, of.y, tfc_cut_to(of.y, v[i], 1, 0, 0));
    }
}

TFC_INLINE void tfc_mul_row(const struct tfc_mul *f, struct tfc_sizes of, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_requantize *r = &f->result;
    int32_t a_step = f->walk.a[3] * of.a, b_step = f->walk.b[3] * of.b, n = f->walk.n[3];
    int32_t done = a_step && !r->shift && tfc_is_whole(of.y, r->lo, r->hi) ? n & ~3 : 0;
    if (b_step) tfc_mul_quads(f, of, a, b, done, 0, y);
    else tfc_mul_quads(f, of, a, b, done, 1, y);
    TFC_ROLLED for (int32_t i = done; i < n; i++) {
        int32_t acc = tfc_shl((tfc_get(a + i * a_step, of.a) - f->a_zero) * (tfc_get(b + i * b_step, of.b) - f->b_zero), r->shift);
        tfc_put(y + i * of.y, of.y, tfc_clamp(tfc_smmlar(acc, r->multiplier, r->zero), r->lo, r->hi));
    }
}

#endif
