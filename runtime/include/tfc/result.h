/* From accumulators to results: the three endings of a convolution or linear, and plain requantization. */
#ifndef TFC_RESULT_H
#define TFC_RESULT_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

/* Whether a clamp is but that of int8, which one SSAT does: loops ask once and come in two kinds. */
TFC_INLINE int tfc_is_full(int32_t lo, int32_t hi) {
    return lo == -128 && hi == 127;
}

/* `full` is a constant wherever this is inlined. */
TFC_INLINE int8_t tfc_cut(int32_t v, int full, int32_t lo, int32_t hi) {
    return (int8_t)(full ? tfc_ssat8(v) : tfc_clamp(v, lo, hi));
}

TFC_INLINE int8_t tfc_requantized(const struct tfc_requantize *f, int32_t acc) {
    return (int8_t)tfc_clamp(tfc_smmlar(tfc_shl(acc, f->shift), f->multiplier, f->zero), f->lo, f->hi);
}

/* One result; `kind` is a constant wherever this is inlined, r is read where the kind has a residual. */
TFC_INLINE int8_t tfc_ending(const struct tfc_result *f, uint8_t kind, int32_t acc, int32_t m, const int8_t *r) {
    int32_t v;
    switch (kind) {
    case TFC_PLAIN:
        return (int8_t)tfc_ssat8(tfc_smmlar(acc, m, f->zero));
    case TFC_CLAMP:
        return (int8_t)tfc_clamp(tfc_smmlar(tfc_shl(acc, f->shift), m, f->zero), f->lo, f->hi);
    case TFC_TABLE:
        return f->table[tfc_usat10(tfc_smmlar(tfc_shl(acc, f->shift), m, f->zero))];
    default:
        v = tfc_mla(*r, f->residual, tfc_smmlar(tfc_shl(acc, f->shift), m, f->zero)) >> f->fraction;
        return kind == TFC_RESIDUAL ? (int8_t)tfc_clamp(v, f->lo, f->hi) : f->table[tfc_usat10(v)];
    }
}

/* Where four pixels lie from the first; behind the last pixel they fall on it, so that a tail is stored twice and not beyond. */
struct tfc_offsets {
    int32_t of[4];
};

TFC_INLINE struct tfc_offsets tfc_pixel_offsets(int32_t pixels, int32_t stride) {
    struct tfc_offsets offsets;
    for (int32_t p = 0; p < 4; p++) offsets.of[p] = (p < pixels ? p : pixels - 1) * stride;
    return offsets;
}

/* The facts are copied: a store of int8 may, for all the compiler knows, change them. */
TFC_INLINE void tfc_end_rows(const struct tfc_result *facts, uint8_t kind, const int32_t *acc, int32_t channels, int32_t pixels, int32_t first,
                             int32_t second, struct tfc_offsets at, const int8_t *r, int8_t *y) {
    const struct tfc_result f = *facts;
    int32_t m0 = f.multiplier[first], m1 = f.multiplier[second];
    for (int32_t p = 0; p < pixels; p++) y[first + at.of[p]] = tfc_ending(&f, kind, acc[p], m0, r + first + at.of[p]);
    for (int32_t p = 0; channels == 2 && p < pixels; p++) y[second + at.of[p]] = tfc_ending(&f, kind, acc[pixels + p], m1, r + second + at.of[p]);
}

/* Ends acc[channels][pixels], 1 or 2 channels and 1 or 4 pixels (constants where inlined): one switch for all of them. */
TFC_INLINE void tfc_end(const struct tfc_result *f, const int32_t *acc, int32_t channels, int32_t pixels, int32_t first, int32_t second,
                        struct tfc_offsets at, const int8_t *r, int8_t *y) {
    switch (f->kind) {
    case TFC_PLAIN:
        tfc_end_rows(f, TFC_PLAIN, acc, channels, pixels, first, second, at, y, y);
        break;
    case TFC_CLAMP:
        tfc_end_rows(f, TFC_CLAMP, acc, channels, pixels, first, second, at, y, y);
        break;
    case TFC_TABLE:
        tfc_end_rows(f, TFC_TABLE, acc, channels, pixels, first, second, at, y, y);
        break;
    case TFC_RESIDUAL:
        tfc_end_rows(f, TFC_RESIDUAL, acc, channels, pixels, first, second, at, r, y);
        break;
    default:
        tfc_end_rows(f, TFC_RESIDUAL_TABLE, acc, channels, pixels, first, second, at, r, y);
    }
}

TFC_INLINE void tfc_end_panel_as(const struct tfc_result *facts, uint8_t kind, const int32_t *acc, int32_t out, struct tfc_offsets at, const int8_t *r,
                                 int8_t *y) {
    const struct tfc_result f = *facts;
    const int8_t *r1 = r + at.of[1], *r2 = r + at.of[2], *r3 = r + at.of[3];
    int8_t *y1 = y + at.of[1], *y2 = y + at.of[2], *y3 = y + at.of[3];
    for (const int32_t *multiplier = f.multiplier, *end = multiplier + out; multiplier != end; acc += 4) {
        int32_t m = *multiplier++, acc0 = acc[0], acc1 = acc[1], acc2 = acc[2], acc3 = acc[3];
        *y++ = tfc_ending(&f, kind, acc0, m, r++);
        *y1++ = tfc_ending(&f, kind, acc1, m, r1++);
        *y2++ = tfc_ending(&f, kind, acc2, m, r2++);
        *y3++ = tfc_ending(&f, kind, acc3, m, r3++);
    }
}

/* Ends acc[out][4], all channels of four pixels. */
TFC_INLINE void tfc_end_panel(const struct tfc_result *f, const int32_t *acc, int32_t out, struct tfc_offsets at, const int8_t *r, int8_t *y) {
    switch (f->kind) {
    case TFC_PLAIN:
        tfc_end_panel_as(f, TFC_PLAIN, acc, out, at, y, y);
        break;
    case TFC_CLAMP:
        tfc_end_panel_as(f, TFC_CLAMP, acc, out, at, y, y);
        break;
    case TFC_TABLE:
        tfc_end_panel_as(f, TFC_TABLE, acc, out, at, y, y);
        break;
    case TFC_RESIDUAL:
        tfc_end_panel_as(f, TFC_RESIDUAL, acc, out, at, r, y);
        break;
    default:
        tfc_end_panel_as(f, TFC_RESIDUAL_TABLE, acc, out, at, r, y);
    }
}

TFC_INLINE void tfc_end_lines_as(const struct tfc_result *facts, uint8_t kind, const int32_t *acc, int32_t pitch, int32_t rows, int32_t n, int32_t m,
                                 int32_t stride, const int8_t *r, int8_t *y) {
    const struct tfc_result f = *facts;
    for (; rows > 0; rows--, acc += pitch - n) {
        for (const int32_t *end = acc + n; acc != end; y += stride, r += stride) *y = tfc_ending(&f, kind, *acc++, m, r);
    }
}

/* Ends rows of n sums of one channel, `pitch` apart; results (and residuals) lie `stride` apart, row behind row. */
TFC_INLINE void tfc_end_lines(const struct tfc_result *f, const int32_t *acc, int32_t pitch, int32_t rows, int32_t n, int32_t channel, int32_t stride,
                              const int8_t *r, int8_t *y) {
    int32_t m = f->multiplier[channel];
    switch (f->kind) {
    case TFC_PLAIN:
        tfc_end_lines_as(f, TFC_PLAIN, acc, pitch, rows, n, m, stride, y, y);
        break;
    case TFC_CLAMP:
        tfc_end_lines_as(f, TFC_CLAMP, acc, pitch, rows, n, m, stride, y, y);
        break;
    case TFC_TABLE:
        tfc_end_lines_as(f, TFC_TABLE, acc, pitch, rows, n, m, stride, y, y);
        break;
    case TFC_RESIDUAL:
        tfc_end_lines_as(f, TFC_RESIDUAL, acc, pitch, rows, n, m, stride, r, y);
        break;
    default:
        tfc_end_lines_as(f, TFC_RESIDUAL_TABLE, acc, pitch, rows, n, m, stride, r, y);
    }
}

#endif
