/* What layer norm, rms norm and group norm share: sums, the factor of a row, and the affine end. */
#ifndef TFC_NORM_H
#define TFC_NORM_H

#include "tfc/elements.h"
#include "tfc/kernels.h"
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
    TFC_ROLLED for (; n > 0; n--, x += bytes) {
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

/* Runs of n elements, `stride` elements apart, that are normalised alike: (count * x - sum) << a = x * scale + offset. */
struct tfc_runs {
    int32_t runs, n, stride;
    int32_t scale, offset, factor;
};

/* To the result, a gain and offset for each element of a run (step 1), or one for all (step 0). */
TFC_INLINE void tfc_normalise_as(const struct tfc_affine *gains, int32_t shift, int32_t step, int32_t bytes, const struct tfc_runs *runs, const int8_t *x,
                                 int8_t *y) {
    int32_t n = runs->n, scale = runs->scale, offset = runs->offset, factor = runs->factor;
    for (int32_t run = 0; run < runs->runs; run++, x += (runs->stride - n) * bytes, y += runs->stride - n) {
        const struct tfc_affine *affine = gains;
        int8_t *end = y + (n & ~3);
        for (; y != end; x += 4 * bytes, y += 4, affine += 4 * step) {
            int32_t v[4];
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_get(x + i * bytes, bytes);
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_smmulr(tfc_mla(v[i], scale, offset), factor);
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_mla(v[i], affine[i * step].gain, affine[i * step].offset) >> shift;
            for (int32_t i = 0; i < 4; i++) y[i] = (int8_t)tfc_ssat8(v[i]);
        }
        end += n & 3;
        TFC_ROLLED for (; y != end; x += bytes, affine += step) {
            int32_t normal = tfc_smmulr(tfc_mla(tfc_get(x, bytes), scale, offset), factor);
            *y++ = (int8_t)tfc_ssat8(tfc_mla(normal, affine->gain, affine->offset) >> shift);
        }
    }
}

TFC_APART void tfc_normalise(const struct tfc_norm *f, int32_t bytes, const struct tfc_runs *runs, const int8_t *x, int8_t *y) {
    tfc_normalise_as(f->affine, f->s, 1, bytes, runs, x, y);
}

TFC_INLINE void tfc_layer_norm(const struct tfc_rows_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c * bytes, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, bytes, x, f->c);
        struct tfc_runs runs = {1, f->c, 0, scale, tfc_shl(-s.sum, f->norm.a), tfc_norm_factor(&f->norm, f->c, s.sum, s.squares)};
        tfc_normalise(&f->norm, bytes, &runs, x, y);
    }
}

/* The zero point is taken off the sums, not off the elements. */
TFC_INLINE void tfc_rms_norm(const struct tfc_rows_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a), offset = tfc_shl(-f->zero * f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c * bytes, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, bytes, x, f->c);
        int64_t squares = s.squares - 2 * f->zero * s.sum + f->c * f->zero * f->zero;
        struct tfc_runs runs = {1, f->c, 0, scale, offset, tfc_norm_factor(&f->norm, f->c, 0, squares)};
        tfc_normalise(&f->norm, bytes, &runs, x, y);
    }
}

#endif
