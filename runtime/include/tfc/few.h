/* Convolutions of few channels: rows of the map widened once, each at both alignments, so that four windows are copied word by word. */
#ifndef TFC_FEW_H
#define TFC_FEW_H

#include "tfc/chain.h"
#include "tfc/kernels.h"

/* A window is `kernel_h` runs of `run` neighbouring inputs. Rows have 2 * pitch int16: input i at i, and once more at pitch + i + 1. */
struct tfc_few {
    int32_t run, steps, pitch, channels; /* channels rounded up to even */
};

TFC_INLINE struct tfc_few tfc_few_of(const struct tfc_conv2d *f) {
    int32_t run = f->kernel_w * f->c, windows = ((f->out_w - 1) * f->stride_w + f->kernel_w) * f->c, map = (f->pad_left + f->w) * f->c;
    return (struct tfc_few){run, (run * f->kernel_h + 1) >> 1, ((windows > map ? windows : map) + 3) & ~1, (f->out + 1) & ~1};
}

/* The stream of tfc/chain.h; a last, odd channel comes twice. */
TFC_INLINE uint32_t *tfc_few_stream(uint32_t *to, const struct tfc_conv2d *f, const struct tfc_few *s, const int8_t *w, const int32_t *b) {
    int32_t taps = s->run * f->kernel_h;
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

/* Some words of four windows, from these places of a row on. */
TFC_INLINE uint32_t *tfc_few_copy(uint32_t *panel, const int16_t *row, const int32_t at[4], int32_t words) {
    const uint32_t *w0 = (const uint32_t *)(const void *)(row + at[0]), *w1 = (const uint32_t *)(const void *)(row + at[1]);
    const uint32_t *w2 = (const uint32_t *)(const void *)(row + at[2]), *w3 = (const uint32_t *)(const void *)(row + at[3]);
    for (; words > 1; words -= 2, panel += 8) {
        uint32_t a0 = w0[0], a1 = w0[1], b0 = w1[0], b1 = w1[1], c0 = w2[0], c1 = w2[1], d0 = w3[0], d1 = w3[1];
        panel[0] = a0, panel[1] = b0, panel[2] = c0, panel[3] = d0;
        panel[4] = a1, panel[5] = b1, panel[6] = c1, panel[7] = d1;
        w0 += 2, w1 += 2, w2 += 2, w3 += 2;
    }
    if (words > 0) {
        panel[0] = *w0, panel[1] = *w1, panel[2] = *w2, panel[3] = *w3;
        panel += 4;
    }
    return panel;
}

/* Windows from column `column` on, whose rows lie in a ring, the first of them in `slot`. Runs of odd length share a pair where they
 * meet: every other one is then taken from its second input on. Behind the last window it repeats the last. */
TFC_INLINE void tfc_few_windows(uint32_t *panel, const struct tfc_conv2d *f, int32_t pitch, const int16_t *rows, int32_t slot, int32_t column,
                                int32_t kernel_h, int32_t run) {
    int32_t at[4], second[4], step = f->stride_w * f->c;
    for (int32_t p = 0, i = column * step; p < 4; p++, i += column + p < f->out_w ? step : 0) {
        at[p] = i & 1 ? pitch + i + 1 : i;
        second[p] = i & 1 ? i + 1 : pitch + i + 2;
    }
    for (int32_t ky = 0; ky < kernel_h; ky++) {
        const int16_t *row = rows + 2 * slot * pitch;
        slot = slot + 1 == kernel_h ? 0 : slot + 1;
        if ((run & ky & 1) != 0) {
            panel = tfc_few_copy(panel, row, second, run >> 1);
        } else if ((run & 1) == 0 || ky + 1 == kernel_h) {
            panel = tfc_few_copy(panel, row, at, (run + 1) >> 1);
        } else {
            const int16_t *next = rows + 2 * slot * pitch;
            panel = tfc_few_copy(panel, row, at, run >> 1);
            for (int32_t p = 0; p < 4; p++) *panel++ = tfc_pkhbt((uint32_t)row[at[p] + run - 1], (uint32_t)next[at[p]]);
        }
    }
}

/* The constants are those of 3 x 3 windows on three channels. */
TFC_APART void tfc_few_windows3x3(uint32_t *panel, const struct tfc_conv2d *f, int32_t pitch, const int16_t *rows, int32_t slot, int32_t column) {
    tfc_few_windows(panel, f, pitch, rows, slot, column, 3, 9);
}

TFC_APART void tfc_few_panel(uint32_t *panel, const struct tfc_conv2d *f, int32_t pitch, const int16_t *rows, int32_t slot, int32_t column) {
    tfc_few_windows(panel, f, pitch, rows, slot, column, f->kernel_h, f->kernel_w * f->c);
}

#endif
