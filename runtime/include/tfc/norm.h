/* What layer norm, rms norm and group norm share: sums, the factor of a row, and the affine end. */
#ifndef TFC_NORM_H
#define TFC_NORM_H

#include "tfc/result.h"
#include "tfc/rsqrt.h"

struct tfc_sums {
    int32_t sum, squares;
};

/* Adds a run of n elements. */
TFC_INLINE struct tfc_sums tfc_add_run(struct tfc_sums s, const int8_t *x, int32_t n) {
    for (; n >= 4; n -= 4, x += 4) {
        uint32_t quad = tfc_load(x), even = tfc_sxtb16(quad), odd = tfc_sxtb16_8(quad);
        s.sum = tfc_smlad(even, 0x00010001, s.sum);
        s.squares = tfc_smlad(even, even, s.squares);
        s.sum = tfc_smlad(odd, 0x00010001, s.sum);
        s.squares = tfc_smlad(odd, odd, s.squares);
    }
    for (; n > 0; n--, x++) {
        s.sum += *x;
        s.squares += *x * *x;
    }
    return s;
}

/* rsqrt(W, p) for `count` elements less `mean_times_count / count`. */
TFC_INLINE int32_t tfc_norm_factor(const struct tfc_norm *f, int32_t count, int32_t sum, int32_t squares) {
    int64_t w = (int64_t)count * squares - (int64_t)sum * sum + f->epsilon;
    return tfc_rsqrt((uint64_t)(w > f->least ? w : f->least), f->p);
}

/* From (count * x - sum) << a = x * scale + offset to the result, a gain and offset for each element. */
TFC_INLINE void tfc_normalise_as(const struct tfc_norm *facts, int full, const int8_t *x, int32_t n, int32_t scale, int32_t offset, int32_t factor, int8_t *y) {
    const struct tfc_norm f = *facts; /* no store can change the copy */
    const struct tfc_affine *affine = f.affine;
    for (const int8_t *end = x + n; x != end; affine++) {
        int32_t normal = tfc_smmulr(tfc_mla(*x++, scale, offset), factor);
        *y++ = tfc_cut(tfc_mla(normal, affine->gain, affine->offset) >> f.s, full, f.lo, f.hi);
    }
}

TFC_APART void tfc_normalise(const struct tfc_norm *f, const int8_t *x, int32_t n, int32_t scale, int32_t offset, int32_t factor, int8_t *y) {
    if (tfc_is_full(f->lo, f->hi)) tfc_normalise_as(f, 1, x, n, scale, offset, factor, y);
    else tfc_normalise_as(f, 0, x, n, scale, offset, factor, y);
}

#endif
