/* Weighted sum of two values that broadcast: add and sub.
 * a, b: strides of `walk`; y: row-major.
 * No scratch.
 * Fast because PKHBT and PKHTB make pairs (a, b) of two quads, and one SMLAD weighs and sums them. */
#include "tfc/result.h"

TFC_INLINE void quads(const struct tfc_add *facts, const int8_t *a, const int8_t *b, int32_t n, int32_t b_step, int full, int8_t *y) {
    const struct tfc_add f = *facts; /* no store can change the copy */
    uint32_t multipliers = tfc_pkhbt((uint32_t)f.a_multiplier, (uint32_t)f.b_multiplier);
    for (; n > 0; n -= 4, a += 4, b += b_step, y += 4) {
        uint32_t qa = tfc_load(a), qb = b_step ? tfc_load(b) : 0x01010101u * (uint8_t)*b;
        uint32_t a02 = tfc_sxtb16(qa), a13 = tfc_sxtb16_8(qa), b02 = tfc_sxtb16(qb), b13 = tfc_sxtb16_8(qb);
        uint32_t pairs[4] = {tfc_pkhbt(a02, b02), tfc_pkhbt(a13, b13), tfc_pkhtb(a02, b02), tfc_pkhtb(a13, b13)};
        for (int32_t i = 0; i < 4; i++) {
            int32_t sum = tfc_smlad(pairs[i], multipliers, f.c);
            y[i] = tfc_cut(sum >> f.shift, full, f.lo, f.hi);
        }
    }
}

TFC_APART void row(const struct tfc_add *f, const int8_t *a, const int8_t *b, int32_t n, int8_t *y) {
    int32_t a_step = f->walk.a[3], b_step = f->walk.b[3], done = 0;
    if (a_step) {
        done = n & ~3;
        if (tfc_is_full(f->lo, f->hi)) quads(f, a, b, done, 4 * b_step, 1, y);
        else quads(f, a, b, done, 4 * b_step, 0, y);
    }
    for (int32_t i = done; i < n; i++) {
        int32_t sum = tfc_mla(a[i * a_step], f->a_multiplier, tfc_mla(b[i * b_step], f->b_multiplier, f->c));
        y[i] = tfc_cut(sum >> f->shift, 0, f->lo, f->hi);
    }
}

void tfc_add_s8(const struct tfc_add *f, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_broadcast *walk = &f->walk;
    for (int32_t i = 0; i < walk->n[0]; i++) {
        for (int32_t j = 0; j < walk->n[1]; j++) {
            for (int32_t k = 0; k < walk->n[2]; k++, y += walk->n[3]) {
                const int8_t *from_a = a + i * walk->a[0] + j * walk->a[1] + k * walk->a[2];
                const int8_t *from_b = b + i * walk->b[0] + j * walk->b[1] + k * walk->b[2];
                row(f, from_a, from_b, walk->n[3], y);
            }
        }
    }
}
