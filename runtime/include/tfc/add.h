/* Weighted sums of two values that broadcast, for any types of elements. */
#ifndef TFC_ADD_H
#define TFC_ADD_H

#include "tfc/broadcast.h"
#include "tfc/quads.h"

TFC_INLINE void tfc_add_quads(const struct tfc_add *facts, struct tfc_sizes of, const int8_t *a, const int8_t *b, int32_t n, int b_repeats, int full, int8_t *y) {
    const struct tfc_add f = *facts; /* no store can change the copy */
    uint32_t multipliers = tfc_pkhbt((uint32_t)f.a_multiplier, (uint32_t)f.b_multiplier), lo = tfc_four_times(f.lo), hi = tfc_four_times(f.hi);
    int32_t c = of.y == 1 ? f.c + tfc_shl(TFC_BIAS, f.shift) : f.c;
    if (b_repeats) c = tfc_mla(tfc_get(b, of.b), f.b_multiplier, c);
    TFC_ROLLED for (const int8_t *end = y + n * of.y; y != end; a += 4 * of.a, b += 4 * of.b, y += 4 * of.y) {
        struct tfc_quad qa = tfc_quad_at(a, of.a), qb = b_repeats ? qa : tfc_quad_at(b, of.b);
        int32_t v[4];
        for (int32_t i = 0; i < 4; i++) v[i] = tfc_quad_mla(qa, of.a, i, multipliers, c);
        for (int32_t i = 0; i < 4; i++) v[i] = (b_repeats ? v[i] : tfc_quad_mla_top(qb, of.b, i, multipliers, v[i])) >> f.shift;
        if (of.y == 1) tfc_store(y, full ? tfc_packed(v) : tfc_min8(tfc_max8(tfc_packed(v), lo), hi));
        for (int32_t i = 0; of.y == 2 && i < 4; i++) tfc_put(y + 2 * i, 2, tfc_cut_to(2, v[i], full, f.lo, f.hi));
    }
}

/* Sums too large for a quad go one by one, as do those that a row has more than quads. */
TFC_INLINE void tfc_add_row(const struct tfc_add *f, struct tfc_sizes of, const int8_t *a, const int8_t *b, int8_t *y) {
    int32_t a_step = f->walk.a[3] * of.a, b_step = f->walk.b[3] * of.b, n = f->walk.n[3], done = a_step && f->packs ? n & ~3 : 0;
    int full = tfc_is_whole(of.y, f->lo, f->hi);
    if (b_step && full) tfc_add_quads(f, of, a, b, done, 0, 1, y);
    else if (b_step) tfc_add_quads(f, of, a, b, done, 0, 0, y);
    else tfc_add_quads(f, of, a, b, done, 1, 0, y);
    TFC_ROLLED for (int32_t i = done; i < n; i++) {
        int32_t sum = tfc_mla(tfc_get(a + i * a_step, of.a), f->a_multiplier, tfc_mla(tfc_get(b + i * b_step, of.b), f->b_multiplier, f->c));
        tfc_put(y + i * of.y, of.y, tfc_clamp(sum >> f->shift, f->lo, f->hi));
    }
}

#endif
