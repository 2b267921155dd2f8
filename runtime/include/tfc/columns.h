/* Bands of a map for depthwise convolutions: four channels widened, each a plane of columns of pairs of neighbouring pixels.
 * Column, channel of the four, row: a word further down is the pixels below, TFC_COLUMN words further the next two pixels. These distances
 * are constants, so that a window's words are immediate offsets from one pointer. */
#ifndef TFC_COLUMNS_H
#define TFC_COLUMNS_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

enum { TFC_ROWS = 34, TFC_COLUMN = 4 * TFC_ROWS };

enum { TFC_WIDEST = 32 }; /* results of a row that are computed together */

/* `rows` x `width` results from row `first` and column `left` on, of which the inputs fill the top of `columns` columns; input row `top` is the first
 * of them. */
struct tfc_band {
    int32_t first, rows, left, width, columns, top;
};

/* Rows of the result in a band: bands are about equal. They are computed by twos, and so are columns, in stripes. */
TFC_INLINE int32_t tfc_band_rows(const struct tfc_conv2d *f) {
    int32_t most = ((TFC_ROWS - f->kernel_h) / f->stride_h + 1) & ~1, bands = (f->out_h + most - 1) / most;
    return (f->out_h + bands - 1) / bands;
}

/* Columns of the result in a band: the same, by twos. */
TFC_INLINE int32_t tfc_band_width(const struct tfc_conv2d *f) {
    int32_t bands = (f->out_w + TFC_WIDEST - 1) / TFC_WIDEST;
    return ((f->out_w + bands - 1) / bands + 1) & ~1;
}

/* Columns of inputs for so many of results. */
TFC_INLINE int32_t tfc_columns(const struct tfc_conv2d *f, int32_t width) {
    int32_t stripes = (width + 1) >> 1;
    return f->stride_w == 1 ? stripes + f->kernel_w / 2 : 2 * stripes - 1 + (f->kernel_w + 1) / 2;
}

TFC_INLINE struct tfc_band tfc_band_from(const struct tfc_conv2d *f, int32_t first, int32_t rows, int32_t left, int32_t width) {
    int32_t below = f->out_h - first, right = f->out_w - left;
    width = right < width ? right : width;
    return (struct tfc_band){first, below < rows ? below : rows, left, width, tfc_columns(f, width), first * f->stride_h - f->pad_top};
}

/* Four pairs from two pixels of four channels: a pair holds a channel of both. */
TFC_INLINE void tfc_pair_pixels(uint32_t pair[4], uint32_t left, uint32_t right) {
    uint32_t low = tfc_pkhbt(left, right), high = tfc_pkhtb(left, right);
    pair[0] = tfc_sxtb16(low), pair[1] = tfc_sxtb16_8(low), pair[2] = tfc_sxtb16(high), pair[3] = tfc_sxtb16_8(high);
}

/* Two rows, and more twos of rows below them, of two pixels side by side: from x to `end` words. */
TFC_INLINE void tfc_widen_twos(uint32_t *to, const uint32_t *end, const int8_t *x, int32_t c, int32_t step) {
#if defined(__ARM_FEATURE_DSP)
    /* A line has what may issue together: one that extends or packs. */
    uint32_t l, r, m, n, t;
    __asm__ volatile(
        "1:\tldr %[l], [%[x]]\n\tldr %[r], [%[x], %[c]]\n\t"
        "add %[x], %[x], %[step]\n\t"
        "ldr %[m], [%[x]]\n\tpkhbt %[t], %[l], %[r], lsl #16\n\t"
        "ldr %[n], [%[x], %[c]]\n\tpkhtb %[l], %[r], %[l], asr #16\n\t"
        "add %[x], %[x], %[step]\n\tsxtb16 %[r], %[t]\n\t"
        "str %[r], [%[to]], #8\n\tsxtb16 %[t], %[t], ror #8\n\t"
        "str %[t], [%[to], #128]\n\tsxtb16 %[r], %[l]\n\t"
        "str %[r], [%[to], #264]\n\tsxtb16 %[l], %[l], ror #8\n\t"
        "str %[l], [%[to], #400]\n\tpkhbt %[t], %[m], %[n], lsl #16\n\t"
        "cmp %[to], %[end]\n\tpkhtb %[m], %[n], %[m], asr #16\n\t"
        "sxtb16 %[r], %[t]\n\t"
        "str %[r], [%[to], #-4]\n\tsxtb16 %[t], %[t], ror #8\n\t"
        "str %[t], [%[to], #132]\n\tsxtb16 %[r], %[m]\n\t"
        "str %[r], [%[to], #268]\n\tsxtb16 %[m], %[m], ror #8\n\t"
        "str %[m], [%[to], #404]\n\tbne 1b"
        : [to] "+r"(to), [x] "+r"(x), [l] "=&r"(l), [r] "=&r"(r), [m] "=&r"(m), [n] "=&r"(n), [t] "=&r"(t) : [end] "r"(end), [c] "r"(c), [step] "r"(step) : "cc", "memory");
#else
    uint32_t pair[4];
    for (; to != end; to++, x += step) {
        tfc_pair_pixels(pair, tfc_load(x), tfc_load(x + c));
        for (int32_t i = 0; i < 4; i++) to[i * TFC_ROWS] = pair[i];
    }
#endif
}

/* Columns of two pixels that lie side by side, `step` bytes from row to row. */
TFC_APART void tfc_widen_columns(uint32_t *to, const int8_t *x, int32_t c, int32_t step, int32_t rows, int32_t columns) {
    int32_t twos = rows & ~1;
    uint32_t pair[4], *end = to + columns * TFC_COLUMN;
    if (twos) {
        for (uint32_t *at = to; at < end; at += TFC_COLUMN, x += 2 * c) tfc_widen_twos(at, at + twos, x, c, step);
        x -= 2 * columns * c;
    }
    if (rows == twos) return;
    x += twos * step;
    TFC_ROLLED
    for (uint32_t *at = to + twos; at < end + twos; at += TFC_COLUMN, x += 2 * c) {
        tfc_pair_pixels(pair, tfc_load(x), tfc_load(x + c));
        for (int32_t i = 0; i < 4; i++) at[i * TFC_ROWS] = pair[i];
    }
}

/* A column of which one pixel, `half` 0 or 1, lies inside. */
TFC_APART void tfc_widen_half(uint32_t *to, int32_t half, const int8_t *x, int32_t step, int32_t rows) {
    int16_t *at = (int16_t *)(void *)to + half;
    for (const int16_t *end = at + 2 * rows; at != end; at += 2, x += step) {
        uint32_t word = tfc_load(x), even = tfc_sxtb16(word), odd = tfc_sxtb16_8(word);
        at[0] = (int16_t)even, at[4 * TFC_ROWS] = (int16_t)(even >> 16);
        at[2 * TFC_ROWS] = (int16_t)odd, at[6 * TFC_ROWS] = (int16_t)(odd >> 16);
    }
}

/* The same of maps of fewer than four channels. */
TFC_APART void tfc_widen_few(uint32_t *to, int32_t half, const int8_t *x, int32_t step, int32_t rows, int32_t channels) {
    int16_t *at = (int16_t *)(void *)to + half;
    for (; rows > 0; rows--, at += 2, x += step) {
        for (int32_t i = 0; i < channels; i++) at[2 * i * TFC_ROWS] = x[i];
    }
}

/* Everything is the zero point, until the map is widened into it: padding stays. */
TFC_INLINE void tfc_fill_columns(uint32_t *columns, const struct tfc_band *band, int32_t zero) {
    uint32_t pair = tfc_pkhbt((uint32_t)zero, (uint32_t)zero), *end = columns + band->columns * TFC_COLUMN;
    for (; columns != end; columns += 4) columns[0] = pair, columns[1] = pair, columns[2] = pair, columns[3] = pair;
}

/* The part of a band that lies inside the map, for the four channels from `channel` on or, of fewer channels, all. */
TFC_INLINE void tfc_widen_band(uint32_t *columns, const struct tfc_band *band, const struct tfc_conv2d *f, const int8_t *x, int32_t channel) {
    int32_t reach = band->top + (band->rows - 1) * f->stride_h + f->kernel_h;
    int32_t row = band->top > 0 ? band->top : 0, rows = (reach < f->h ? reach : f->h) - row, step = f->w * f->c;
    uint32_t *to = columns + row - band->top;
    int32_t before = f->pad_left - band->left * f->stride_w; /* pixels of the columns to the left of the map, or of the map to the left of the columns */
    x += row * step + channel;
    if (f->c >= 4) {
        int32_t outside = before > 0 ? (before + 1) >> 1 : 0, behind = (before + f->w) >> 1;
        int32_t whole = (behind < band->columns ? behind : band->columns) - outside;
        tfc_widen_columns(to + outside * TFC_COLUMN, x + (2 * outside - before) * f->c, f->c, step, rows, whole);
        if (before > 0 && before & 1) tfc_widen_half(to + (before >> 1) * TFC_COLUMN, 1, x, step, rows);
        if ((before + f->w) & 1 && behind < band->columns) tfc_widen_half(to + behind * TFC_COLUMN, 0, x + (f->w - 1) * f->c, step, rows);
    } else {
        for (int32_t pixel = before < 0 ? -before : 0; pixel < f->w && pixel + before < 2 * band->columns; pixel++) {
            int32_t at = pixel + before;
            tfc_widen_few(to + (at >> 1) * TFC_COLUMN, at & 1, x + pixel * f->c, step, rows, f->c);
        }
    }
}

#endif
