/* The endings of convolutions and linears: one loop, of which every file tfc_end_*.c is a kind. */
#ifndef TFC_ENDING_H
#define TFC_ENDING_H

#include "tfc/elements.h"
#include "tfc/kernels.h"

enum tfc_kind { TFC_PLAIN, TFC_CLAMP, TFC_TABLE, TFC_RESIDUAL, TFC_RESIDUAL_TABLE };

/* What an ending is: constants wherever it is inlined. r_bytes and y_bytes are the sizes of elements; no residual has size 0. */
struct tfc_kinds {
    enum tfc_kind kind;
    int32_t r_bytes, y_bytes;
};

TFC_INLINE int32_t tfc_ended(const struct tfc_result *f, struct tfc_kinds is, int32_t sum, int32_t m, const int8_t *r) {
    int32_t v = tfc_smmlar(is.kind == TFC_PLAIN && is.y_bytes == 1 ? sum : tfc_shl(sum, f->shift), m, f->zero);
    if (is.r_bytes) v = tfc_mla(tfc_get(r, is.r_bytes), f->residual, v) >> f->fraction;
    if (is.kind == TFC_TABLE || is.kind == TFC_RESIDUAL_TABLE) return f->table[tfc_usat10(v)];
    return tfc_cut_to(is.y_bytes, v, is.kind == TFC_PLAIN, f->lo, f->hi);
}

/* All channels of four pixels: four results of a channel at a time, and each pixel's channels side by side. */
TFC_INLINE void tfc_end_panel(const struct tfc_result *f, struct tfc_kinds is, const struct tfc_walk *at, const int32_t *sums, const int8_t *r, int8_t *y) {
    int32_t y_step = at->step * is.y_bytes, r_step = at->step * is.r_bytes;
    int8_t *y1 = y + y_step, *y2 = y1 + y_step, *y3 = y2 + y_step;
    const int8_t *r1 = r + r_step, *r2 = r1 + r_step, *r3 = r2 + r_step;
    for (const int32_t *multiplier = f->multiplier, *end = multiplier + at->rows; multiplier != end; sums += at->pitch) {
        int32_t m = *multiplier++, sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
        tfc_put(y, is.y_bytes, tfc_ended(f, is, sum0, m, r));
        tfc_put(y1, is.y_bytes, tfc_ended(f, is, sum1, m, r1));
        tfc_put(y2, is.y_bytes, tfc_ended(f, is, sum2, m, r2));
        tfc_put(y3, is.y_bytes, tfc_ended(f, is, sum3, m, r3));
        y += is.y_bytes, y1 += is.y_bytes, y2 += is.y_bytes, y3 += is.y_bytes;
        r += is.r_bytes, r1 += is.r_bytes, r2 += is.r_bytes, r3 += is.r_bytes;
    }
}

TFC_INLINE void tfc_end(struct tfc_kinds is, const struct tfc_result *facts, const struct tfc_walk *walk, const int32_t *sums, const void *residual, void *result) {
    const struct tfc_result f = *facts; /* no store can change the copies */
    const struct tfc_walk at = *walk;
    int8_t *y = (int8_t *)result + at.first * is.y_bytes;
    const int8_t *r = is.r_bytes ? (const int8_t *)residual + at.first * is.r_bytes : y;
    int32_t channel = at.channel, left = at.n, y_step = at.step * is.y_bytes, r_step = at.step * is.r_bytes;
    for (; left >= 4 && at.row == 1 && at.channel_step == 1; left -= 4, sums += 4, y += 4 * y_step, r += 4 * r_step) tfc_end_panel(&f, is, &at, sums, r, y);
    if (left == 0) return;
    for (int32_t row = 0; row < at.rows; row++, sums += at.pitch - left, channel += at.channel_step) {
        int8_t *to = y + row * at.row * is.y_bytes;
        const int8_t *from = r + row * at.row * is.r_bytes;
        int32_t m = f.multiplier[channel];
        for (const int32_t *end = sums + left; sums != end; to += y_step, from += r_step) tfc_put(to, is.y_bytes, tfc_ended(&f, is, *sums++, m, from));
    }
}

#endif
