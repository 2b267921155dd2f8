/* Strips by quads and by pairs. `bytes`, of an element, and `order` are constants wherever these are inlined. */
#ifndef TFC_WIDEN_H
#define TFC_WIDEN_H

#include "tfc/elements.h"
#include "tfc/strip.h"

enum tfc_order_of_strip { TFC_STRIP_QUADS, TFC_STRIP_PAIRS };

TFC_INLINE struct tfc_pairs tfc_strip_pairs(const int8_t *x, enum tfc_order_of_strip order, int32_t bytes) {
    if (order == TFC_STRIP_PAIRS && bytes == 2) return (struct tfc_pairs){tfc_load(x), tfc_load(x + 4)};
    struct tfc_pairs p = tfc_pairs_at(x, bytes);
    return order == TFC_STRIP_QUADS ? p : (struct tfc_pairs){tfc_pkhbt(p.even, p.odd), tfc_pkhtb(p.even, p.odd)};
}

/* `columns` is 4 or 2. */
TFC_INLINE void tfc_widen_quads(uint32_t *strip, int32_t columns, enum tfc_order_of_strip order, int32_t bytes, const int8_t *const *x, int32_t quads) {
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = columns == 4 ? x[2] : 0, *x3 = columns == 4 ? x[3] : 0;
    for (int32_t step = 4 * bytes; quads > 0; quads--, strip += TFC_QUAD_WORDS) {
        struct tfc_pairs p0 = tfc_strip_pairs(x0, order, bytes), p1 = tfc_strip_pairs(x1, order, bytes), p2 = p0, p3 = p0;
        x0 += step, x1 += step;
        if (columns == 4) {
            p2 = tfc_strip_pairs(x2, order, bytes), p3 = tfc_strip_pairs(x3, order, bytes);
            x2 += step, x3 += step;
        }
        strip[0] = p0.even, strip[1] = p1.even;
        if (columns == 4) strip[2] = p2.even, strip[3] = p3.even;
        strip[TFC_PITCH] = p0.odd, strip[TFC_PITCH + 1] = p1.odd;
        if (columns == 4) strip[TFC_PITCH + 2] = p2.odd, strip[TFC_PITCH + 3] = p3.odd;
    }
}

/* A last, incomplete quad of one column. */
TFC_INLINE void tfc_widen_rest(uint32_t *even, uint32_t *odd, enum tfc_order_of_strip order, int32_t bytes, const int8_t *x, int32_t count) {
    uint32_t k[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < count; i++) k[i] = (uint32_t)tfc_get(x + i * bytes, bytes);
    int32_t second = order == TFC_STRIP_QUADS ? 2 : 1;
    *even = tfc_pkhbt(k[0], k[second]);
    *odd = tfc_pkhbt(k[3 - second], k[3]);
}

/* A token by itself, in the order of quads. */
TFC_APART void tfc_widen_token(uint32_t *to, int32_t bytes, const int8_t *x, int32_t c) {
    for (; c >= 4; c -= 4, x += 4 * bytes, to += 2) {
        struct tfc_pairs pairs = tfc_pairs_at(x, bytes);
        to[0] = pairs.even, to[1] = pairs.odd;
    }
    if (c > 0) tfc_widen_rest(to, to + 1, TFC_STRIP_QUADS, bytes, x, c);
}

/* Any number of columns, by fours, of which the last may be two; what is missing of them repeats the last one. */
TFC_INLINE void tfc_widen(uint32_t *strip, enum tfc_order_of_strip order, int32_t bytes, int32_t columns, const int8_t *const *x, int32_t c) {
    for (int32_t first = 0; first < columns; first += 4) {
        const int8_t *four[4];
        for (int32_t p = 0; p < 4; p++) four[p] = x[first + p < columns ? first + p : columns - 1];
        if (columns - first > 2) tfc_widen_quads(strip + first, 4, order, bytes, four, c >> 2);
        else tfc_widen_quads(strip + first, 2, order, bytes, four, c >> 2);
    }
    if ((c & 3) == 0) return;
    strip += (c >> 2) * TFC_QUAD_WORDS;
    for (int32_t p = 0; p < columns; p++) tfc_widen_rest(strip + p, strip + TFC_PITCH + p, order, bytes, x[p] + (c & ~3) * bytes, c & 3);
}

#endif
