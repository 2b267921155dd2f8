/* A panel: the inputs of four pixels (or of one), int16 or widened to it, in the order that the weights walk them. */
#ifndef TFC_PANEL_H
#define TFC_PANEL_H

#include "tfc/elements.h"
#include "tfc/kernels.h"
#include "tfc/window.h"

/* For every four inputs k, eight words. By quads: the pairs (k0, k2) of all pixels, then (k1, k3), what SXTB16 makes of a quad without
 * further work. By pairs of neighbours: (k0, k1) of all pixels, then (k2, k3). By single inputs: the pixels (0, 1) and (2, 3) of each. */
enum tfc_order { TFC_BY_QUADS, TFC_BY_PAIRS, TFC_BY_ONES };

/* Stores one quad of four pixels, whose pairs (k0, k2) and (k1, k3) are given. */
TFC_INLINE void tfc_arrange(uint32_t *panel, enum tfc_order order, const uint32_t even[4], const uint32_t odd[4]) {
    if (order == TFC_BY_QUADS) {
        for (int32_t p = 0; p < 4; p++) panel[p] = even[p], panel[4 + p] = odd[p];
    } else if (order == TFC_BY_PAIRS) {
        for (int32_t p = 0; p < 4; p++) panel[p] = tfc_pkhbt(even[p], odd[p]), panel[4 + p] = tfc_pkhtb(even[p], odd[p]);
    } else {
        for (int32_t p = 0; p < 2; p++) {
            panel[p] = tfc_pkhbt(even[2 * p], even[2 * p + 1]), panel[2 + p] = tfc_pkhbt(odd[2 * p], odd[2 * p + 1]);
            panel[4 + p] = tfc_pkhtb(even[2 * p], even[2 * p + 1]), panel[6 + p] = tfc_pkhtb(odd[2 * p], odd[2 * p + 1]);
        }
    }
}

/* From the order by quads, in place. */
TFC_INLINE void tfc_rearrange(uint32_t *panel, enum tfc_order order, int32_t quads) {
    for (; order != TFC_BY_QUADS && quads > 0; quads--, panel += 8) {
        uint32_t even[4], odd[4];
        for (int32_t p = 0; p < 4; p++) even[p] = panel[p], odd[p] = panel[4 + p];
        tfc_arrange(panel, order, even, odd);
    }
}

/* `quads` quads of four pixels whose elements have `bytes` bytes; returns the end of what it wrote. */
TFC_INLINE uint32_t *tfc_place4(uint32_t *panel, enum tfc_order order, int32_t bytes, const int8_t *const x[4], int32_t quads) {
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    for (int32_t step = 4 * bytes; quads > 0; quads--, panel += 8, x0 += step, x1 += step, x2 += step, x3 += step) {
        struct tfc_pairs p0 = tfc_pairs_at(x0, bytes), p1 = tfc_pairs_at(x1, bytes), p2 = tfc_pairs_at(x2, bytes), p3 = tfc_pairs_at(x3, bytes);
        uint32_t even[4] = {p0.even, p1.even, p2.even, p3.even}, odd[4] = {p0.odd, p1.odd, p2.odd, p3.odd};
        tfc_arrange(panel, order, even, odd);
    }
    return panel;
}

TFC_INLINE uint32_t *tfc_widen4(uint32_t *panel, enum tfc_order order, const int8_t *const x[4], int32_t quads) {
    return tfc_place4(panel, order, 1, x, quads);
}

/* The same for one pixel of a panel of `pixels`, by quads. */
TFC_INLINE uint32_t *tfc_place1(uint32_t *panel, int32_t bytes, const int8_t *x, int32_t quads, int32_t pixels) {
    for (; quads > 0; quads--, panel += 2 * pixels, x += 4 * bytes) {
        struct tfc_pairs p = tfc_pairs_at(x, bytes);
        panel[0] = p.even;
        panel[pixels] = p.odd;
    }
    return panel;
}

TFC_INLINE uint32_t *tfc_widen1(uint32_t *panel, const int8_t *x, int32_t quads, int32_t pixels) {
    return tfc_place1(panel, 1, x, quads, pixels);
}

/* `count` bytes, at most 4, as a quad that ends in zeros. */
TFC_INLINE uint32_t tfc_load_tail(const int8_t *x, int32_t count) {
    uint32_t quad = 0;
    for (int32_t i = 0; i < count; i++) quad |= (uint32_t)(uint8_t)x[i] << 8 * i;
    return quad;
}

/* The last inputs of a pixel where they are no multiple of four. */
TFC_INLINE void tfc_widen_tail(uint32_t *panel, const int8_t *x, int32_t count, int32_t pixels) {
    uint32_t q = tfc_load_tail(x, count);
    panel[0] = tfc_sxtb16(q);
    panel[pixels] = tfc_sxtb16_8(q);
}

/* The same for up to three elements of int16. */
TFC_INLINE void tfc_place_tail(uint32_t *panel, int32_t bytes, const int8_t *x, int32_t count, int32_t pixels) {
    if (bytes == 1) {
        tfc_widen_tail(panel, x, count, pixels);
        return;
    }
    uint32_t second = count > 1 ? (uint32_t)tfc_get(x + bytes, bytes) : 0, third = count > 2 ? (uint32_t)tfc_get(x + 2 * bytes, bytes) : 0;
    panel[0] = tfc_pkhbt((uint32_t)tfc_get(x, bytes), third);
    panel[pixels] = second & 0xffff;
}

/* The inputs of one token, by quads. */
TFC_INLINE void tfc_panel_token(uint32_t *panel, int32_t bytes, const int8_t *x, int32_t in) {
    panel = tfc_place1(panel, bytes, x, in >> 2, 1);
    if (in & 3) tfc_place_tail(panel, bytes, x + (in & ~3) * bytes, in & 3, 1);
}

/* The panel of four tokens, of which `tokens` exist: behind the last one it repeats the last. */
TFC_INLINE void tfc_panel_tokens(uint32_t *panel, enum tfc_order order, int32_t bytes, const int8_t *x, int32_t in, int32_t tokens) {
    const int8_t *rows[4];
    for (int32_t p = 0; p < 4; p++) rows[p] = x + (p < tokens ? p : tokens - 1) * in * bytes;
    panel = tfc_place4(panel, order, bytes, rows, in >> 2);
    if ((in & 3) == 0) return;
    for (int32_t p = 0; p < 4; p++) tfc_place_tail(panel + p, bytes, rows[p] + (in & ~3) * bytes, in & 3, 4);
    tfc_rearrange(panel, order, 1);
}

/* The panel of four windows whose channels come in quads; `outside` holds c zero points. */
TFC_INLINE void tfc_panel_windows4(uint32_t *panel, enum tfc_order order, const struct tfc_conv2d *f, const int8_t *x, const struct tfc_window at[4], const int8_t *outside) {
    for (int32_t ky = 0; ky < f->kernel_h; ky++) {
        for (int32_t kx = 0; kx < f->kernel_w; kx++) {
            const int8_t *taps[4];
            for (int32_t p = 0; p < 4; p++) taps[p] = tfc_tap(f, x, at[p], ky, kx, outside);
            panel = tfc_widen4(panel, order, taps, f->c >> 2);
        }
    }
}

/* What a convolution needs behind its panel and sums: a row of zero points, or one window. */
TFC_INLINE void tfc_panel_prepare(const struct tfc_conv2d *f, int8_t *behind) {
    int32_t bytes = (f->c & 3) == 0 ? f->c : 4 * tfc_quads(f->kernel_h * f->kernel_w * f->c);
    for (int32_t i = 0; i < bytes; i++) behind[i] = (int8_t)f->zero;
}

/* The panel of the four windows from `pixel` on; behind the last one it repeats the last. */
TFC_APART void tfc_panel_conv2d(uint32_t *panel, enum tfc_order order, const struct tfc_conv2d *f, const int8_t *x, int32_t pixel, int8_t *behind) {
    struct tfc_window at[4];
    int32_t last = f->out_h * f->out_w - 1;
    for (int32_t p = 0; p < 4; p++) at[p] = tfc_window_of(f, pixel + p < last ? pixel + p : last);
    if ((f->c & 3) == 0) {
        tfc_panel_windows4(panel, order, f, x, at, behind);
        return;
    }
    for (int32_t p = 0; p < 4; p++) {
        tfc_gather_window(behind, f, x, at[p]);
        tfc_widen1(panel + p, behind, tfc_quads(f->kernel_h * f->kernel_w * f->c), 4);
    }
    tfc_rearrange(panel, order, tfc_quads(f->kernel_h * f->kernel_w * f->c));
}

#endif
