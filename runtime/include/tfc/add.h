/* Weighted sums of two values that broadcast, for any types of elements. */
#ifndef TFC_ADD_H
#define TFC_ADD_H

#include "tfc/broadcast.h"

TFC_INLINE void tfc_add_quads(const struct tfc_add *facts, struct tfc_sizes of, const int8_t *a, const int8_t *b, int32_t n, int b_repeats, int full, int8_t *y) {
    const struct tfc_add f = *facts; /* no store can change the copy */
    uint32_t multipliers = tfc_pkhbt((uint32_t)f.a_multiplier, (uint32_t)f.b_multiplier);
    for (; n > 0; n -= 4, a += 4 * of.a, b += b_repeats ? 0 : 4 * of.b, y += 4 * of.y) {
        struct tfc_pairs pa = tfc_pairs_at(a, of.a), pb = b_repeats ? tfc_repeated(b, of.b) : tfc_pairs_at(b, of.b);
        uint32_t pairs[4] = {tfc_pkhbt(pa.even, pb.even), tfc_pkhbt(pa.odd, pb.odd), tfc_pkhtb(pa.even, pb.even), tfc_pkhtb(pa.odd, pb.odd)};
        for (int32_t i = 0; i < 4; i++) {
            int32_t sum = tfc_smlad(pairs[i], multipliers, f.c);
            tfc_put(y + i * of.y, of.y, tfc_cut_to(of.y, sum >> f.shift, full, f.lo, f.hi));
        }
    }
}

TFC_INLINE void tfc_add_row(const struct tfc_add *f, struct tfc_sizes of, const int8_t *a, const int8_t *b, int8_t *y) {
    int32_t a_step = f->walk.a[3] * of.a, b_step = f->walk.b[3] * of.b, n = f->walk.n[3], done = a_step ? n & ~3 : 0;
    int full = tfc_is_whole(of.y, f->lo, f->hi);
    if (b_step && full) tfc_add_quads(f, of, a, b, done, 0, 1, y);
    else if (b_step) tfc_add_quads(f, of, a, b, done, 0, 0, y);
    else tfc_add_quads(f, of, a, b, done, 1, 0, y);
    for (int32_t i = done; i < n; i++) {
        int32_t sum = tfc_mla(tfc_get(a + i * a_step, of.a), f->a_multiplier, tfc_mla(tfc_get(b + i * b_step, of.b), f->b_multiplier, f->c));
        tfc_put(y + i * of.y, of.y, tfc_clamp(sum >> f->shift, f->lo, f->hi));
    }
}

#endif
