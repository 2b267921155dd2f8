/* What layer norm, rms norm and group norm share: sums, the factor of a row, and the affine end. */
#ifndef TFC_NORM_H
#define TFC_NORM_H

#include "tfc/elements.h"
#include "tfc/result.h"
#include "tfc/rsqrt.h"

struct tfc_sums {
    int32_t sum;
    int64_t squares;
};

/* Adds a run of n elements of 1 or 2 bytes, a constant where this is inlined; the squares of int8 fit 32 bits. */
TFC_INLINE struct tfc_sums tfc_add_run(struct tfc_sums s, int32_t bytes, const int8_t *x, int32_t n) {
    int32_t narrow = 0;
    for (; n >= 4; n -= 4, x += 4 * bytes) {
        struct tfc_pairs quad = bytes == 1 ? tfc_pairs_at(x, 1) : (struct tfc_pairs){tfc_load(x), tfc_load(x + 4)};
        s.sum = tfc_smlad(quad.even, 0x00010001, s.sum);
        s.sum = tfc_smlad(quad.odd, 0x00010001, s.sum);
        if (bytes == 1) narrow = tfc_smlad(quad.odd, quad.odd, tfc_smlad(quad.even, quad.even, narrow));
        else s.squares = tfc_smlald(quad.odd, quad.odd, tfc_smlald(quad.even, quad.even, s.squares));
    }
    for (; n > 0; n--, x += bytes) {
        int32_t value = tfc_get(x, bytes);
        s.sum += value;
        s.squares += value * value;
    }
    s.squares += narrow;
    return s;
}

/* rsqrt(W, p) for `count` elements less `mean_times_count / count`. */
TFC_INLINE int32_t tfc_norm_factor(const struct tfc_norm *f, int32_t count, int32_t sum, int64_t squares) {
    int64_t w = count * squares - (int64_t)sum * sum + f->epsilon;
    return tfc_rsqrt((uint64_t)(w > f->least ? w : f->least), f->p);
}

/* From (count * x - sum) << a = x * scale + offset to the result, a gain and offset for each element. */
TFC_INLINE void tfc_normalise_as(const struct tfc_norm *facts, int full, int32_t bytes, const int8_t *x, int32_t n, int32_t scale, int32_t offset,
                                 int32_t factor, int8_t *y) {
    const struct tfc_norm f = *facts; /* no store can change the copy */
    const struct tfc_affine *affine = f.affine;
    for (const int8_t *end = x + n * bytes; x != end; x += bytes, affine++) {
        int32_t normal = tfc_smmulr(tfc_mla(tfc_get(x, bytes), scale, offset), factor);
        *y++ = tfc_cut(tfc_mla(normal, affine->gain, affine->offset) >> f.s, full, f.lo, f.hi);
    }
}

TFC_APART void tfc_normalise(const struct tfc_norm *f, int32_t bytes, const int8_t *x, int32_t n, int32_t scale, int32_t offset, int32_t factor, int8_t *y) {
    if (tfc_is_full(f->lo, f->hi)) tfc_normalise_as(f, 1, bytes, x, n, scale, offset, factor, y);
    else tfc_normalise_as(f, 0, bytes, x, n, scale, offset, factor, y);
}

TFC_INLINE void tfc_layer_norm(const struct tfc_rows_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c * bytes, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, bytes, x, f->c);
        tfc_normalise(&f->norm, bytes, x, f->c, scale, tfc_shl(-s.sum, f->norm.a), tfc_norm_factor(&f->norm, f->c, s.sum, s.squares), y);
    }
}

/* The zero point is taken off the sums, not off the elements. */
TFC_INLINE void tfc_rms_norm(const struct tfc_rows_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a), offset = tfc_shl(-f->zero * f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c * bytes, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, bytes, x, f->c);
        int64_t squares = s.squares - 2 * f->zero * s.sum + f->c * f->zero * f->zero;
        tfc_normalise(&f->norm, bytes, x, f->c, scale, offset, tfc_norm_factor(&f->norm, f->c, 0, squares), y);
    }
}

#endif
