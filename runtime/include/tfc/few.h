/* Convolutions of few channels: rows of the map widened once, each at both alignments, so that four windows are copied word by word. */
#ifndef TFC_FEW_H
#define TFC_FEW_H

#include "tfc/chain.h"
#include "tfc/kernels.h"

/* A window is `kernel_h` runs of `run` neighbouring inputs. Rows have 2 * pitch int16: input i at i, and once more at pitch + i + 1. There
 * are as many, in a ring, as four neighbouring results need. */
struct tfc_few {
    int32_t run, steps, pitch, rows;
};

TFC_INLINE struct tfc_few tfc_few_of(const struct tfc_conv2d *f) {
    int32_t run = f->kernel_w * f->c, windows = ((f->out_w - 1) * f->stride_w + f->kernel_w) * f->c, map = (f->pad_left + f->w) * f->c;
    int32_t more = f->out_w & 3 ? (f->out_w + 2) / f->out_w : 0; /* rows of results that four neighbours touch, but one */
    return (struct tfc_few){run, (run * f->kernel_h + 1) >> 1, ((windows > map ? windows : map) + 3) & ~1, f->kernel_h + more * f->stride_h};
}

/* The stream of tfc/chain.h; a last, odd channel comes twice. */
TFC_INLINE uint32_t *tfc_few_stream(uint32_t *to, const struct tfc_conv2d *f, const int8_t *w, const int32_t *b, int32_t taps) {
    for (int32_t channel = 0; channel < f->out; channel += 2) {
        int32_t other = channel + 1 < f->out ? channel + 1 : channel;
        const int8_t *first = w + channel * taps, *second = w + other * taps;
        *to++ = (uint32_t)b[channel], *to++ = (uint32_t)b[other];
        for (int32_t i = 0; i < taps; i += 2) {
            int32_t whole = i + 1 < taps;
            *to++ = tfc_pkhbt((uint32_t)first[i], whole ? (uint32_t)first[i + 1] : 0);
            *to++ = tfc_pkhbt((uint32_t)second[i], whole ? (uint32_t)second[i + 1] : 0);
        }
        *to++ = (uint32_t)f->result.multiplier[channel], *to++ = (uint32_t)f->result.multiplier[other];
    }
    return to;
}

TFC_INLINE void tfc_few_fill(int16_t *to, int32_t zero, int32_t words) {
    uint32_t pair = tfc_pkhbt((uint32_t)zero, (uint32_t)zero);
    for (; words > 0; words--, to += 2) tfc_store(to, pair);
}

/* n inputs to both places; stores may lie at odd halfwords. */
TFC_APART void tfc_few_widen(int16_t *to, int16_t *again, const int8_t *x, int32_t n) {
    for (; n >= 4; n -= 4, x += 4, to += 4, again += 4) {
        uint32_t word = tfc_load(x), even = tfc_sxtb16(word), odd = tfc_sxtb16_8(word), low = tfc_pkhbt(even, odd), high = tfc_pkhtb(even, odd);
        tfc_store(to, low), tfc_store(to + 2, high);
        tfc_store(again, low), tfc_store(again + 2, high);
    }
    for (; n > 0; n--) *again++ = *to++ = *x++;
}

/* Where a window begins in a row, and where its second input lies, both on words. */
struct tfc_starts {
    int32_t first, second;
};

TFC_INLINE struct tfc_starts tfc_starts_of(int32_t input, int32_t pitch) {
    int32_t again = pitch + input + 1;
    return input & 1 ? (struct tfc_starts){again, input + 1} : (struct tfc_starts){input, again + 1};
}

/* Four windows of three rows of constant length, one after another, from `input` on, which is even. Runs of odd length share a pair where
 * they meet: every other one is then taken from its second input on. */
TFC_INLINE void tfc_few_windows3(uint32_t *panel, const int16_t *const rows[3], int32_t input, const struct tfc_starts at[4], int32_t run) {
    const int16_t *top = rows[0] + input, *middle = rows[1] + input, *low = rows[2] + input;
    int32_t words = run >> 1;
    for (int32_t p = 0; p < 4; p++) {
        const uint32_t *a = (const uint32_t *)(const void *)(top + at[p].first), *c = (const uint32_t *)(const void *)(low + at[p].first);
        const uint32_t *b = (const uint32_t *)(const void *)(middle + (run & 1 ? at[p].second : at[p].first));
        uint32_t *to = panel + p;
        for (int32_t k = 0; k < words; k++, to += 4) *to = a[k];
        if (run & 1) *to = tfc_pkhbt(a[words], (uint32_t)middle[at[p].first]), to += 4;
        for (int32_t k = 0; k < words; k++, to += 4) *to = b[k];
        for (int32_t k = 0; k < (run + 1) >> 1; k++, to += 4) *to = c[k];
    }
}

TFC_APART void tfc_few_windows3x3x1(uint32_t *panel, const int16_t *const rows[3], int32_t input, const struct tfc_starts at[4]) {
    tfc_few_windows3(panel, rows, input, at, 3);
}

TFC_APART void tfc_few_windows3x3x3(uint32_t *panel, const int16_t *const rows[3], int32_t input, const struct tfc_starts at[4]) {
    tfc_few_windows3(panel, rows, input, at, 9);
}

/* Words of four windows. */
TFC_INLINE uint32_t *tfc_few_copy(uint32_t *panel, const int16_t *const x[4], int32_t words) {
    const uint32_t *a = (const uint32_t *)(const void *)x[0], *b = (const uint32_t *)(const void *)x[1];
    const uint32_t *c = (const uint32_t *)(const void *)x[2], *d = (const uint32_t *)(const void *)x[3];
    for (const uint32_t *end = panel + 4 * words; panel != end; panel += 4) panel[0] = *a++, panel[1] = *b++, panel[2] = *c++, panel[3] = *d++;
    return panel;
}

/* The same for any windows, four side by side, of which `left` exist: behind these it repeats the last. */
TFC_APART void tfc_few_windows(uint32_t *panel, const struct tfc_conv2d *f, const struct tfc_few *s, const int16_t *rows, int32_t slot, int32_t column, int32_t left) {
    const int16_t *x[4], *at[4], *end = rows + 2 * s->rows * s->pitch;
    int32_t run = s->run, odd = run & 1, words = run >> 1, jump = 2 * s->pitch, second[4];
    for (int32_t p = 0; p < 4; p++, left--) {
        struct tfc_starts starts = tfc_starts_of(column * f->stride_w * f->c, s->pitch);
        at[p] = rows + slot * jump + starts.first, second[p] = starts.second - starts.first;
        if (left > 1 && ++column == f->out_w) column = 0, slot = slot + f->stride_h < s->rows ? slot + f->stride_h : slot + f->stride_h - s->rows;
    }
    for (int32_t ky = 0; ky < f->kernel_h; ky++) {
        int32_t again = odd & ky, meets = odd & ~ky & (ky + 1 < f->kernel_h);
        for (int32_t p = 0; p < 4; p++) x[p] = again ? at[p] + second[p] : at[p];
        panel = tfc_few_copy(panel, x, words + (odd & ~ky & ~meets));
        for (int32_t p = 0; p < 4; p++) at[p] += at[p] + jump < end ? jump : jump - (int32_t)(end - rows);
        if (!meets) continue;
        for (int32_t p = 0; p < 4; p++) *panel++ = tfc_pkhbt((uint32_t)x[p][run - 1], (uint32_t)*at[p]);
    }
}

#endif
