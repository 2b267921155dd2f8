/* A strip: the inputs of up to twelve neighbouring columns of a map, or of tokens, widened to int16. A row of a strip holds, for each
 * quad of channels, twelve words of the pairs (k0, k2), a word a column, then twelve of (k1, k3): what SXTB16 makes of a quad.
 * Four neighbouring results read four neighbouring words, under whichever tap. With a horizontal stride of s the columns are dealt
 * into s phases, each a row of its own, so that this stays true. */
#ifndef TFC_STRIP_H
#define TFC_STRIP_H

#include "tfc/elements.h"
#include "tfc/kernels.h"
#include "tfc/window.h"

enum { TFC_PITCH = 12, TFC_QUAD_WORDS = 2 * TFC_PITCH };

/* `columns` is 4 or 2; their elements have `bytes` bytes. */
TFC_INLINE void tfc_widen_quads(uint32_t *strip, int32_t columns, int32_t bytes, const int8_t *const x[4], int32_t quads) {
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    for (int32_t step = 4 * bytes; quads > 0; quads--, strip += TFC_QUAD_WORDS) {
        struct tfc_pairs p0 = tfc_pairs_at(x0, bytes), p1 = tfc_pairs_at(x1, bytes), p2 = p0, p3 = p0;
        x0 += step, x1 += step;
        if (columns == 4) {
            p2 = tfc_pairs_at(x2, bytes), p3 = tfc_pairs_at(x3, bytes);
            x2 += step, x3 += step;
        }
        strip[0] = p0.even, strip[1] = p1.even;
        if (columns == 4) strip[2] = p2.even, strip[3] = p3.even;
        strip[TFC_PITCH] = p0.odd, strip[TFC_PITCH + 1] = p1.odd;
        if (columns == 4) strip[TFC_PITCH + 2] = p2.odd, strip[TFC_PITCH + 3] = p3.odd;
    }
}

TFC_APART void tfc_widen_quads2(uint32_t *strip, const int8_t *const x[4], int32_t quads) {
    tfc_widen_quads(strip, 2, 1, x, quads);
}

TFC_APART void tfc_widen_quads4(uint32_t *strip, const int8_t *const x[4], int32_t quads) {
    tfc_widen_quads(strip, 4, 1, x, quads);
}

TFC_APART void tfc_widen_quads4_s16(uint32_t *strip, const int8_t *const x[4], int32_t quads) {
    tfc_widen_quads(strip, 4, 2, x, quads);
}

/* A last, incomplete quad of one column. */
TFC_INLINE void tfc_widen_rest(uint32_t *even, uint32_t *odd, int32_t bytes, const int8_t *x, int32_t count) {
    uint32_t k[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < count; i++) k[i] = (uint32_t)tfc_get(x + i * bytes, bytes);
    *even = tfc_pkhbt(k[0], k[2]);
    *odd = tfc_pkhbt(k[1], k[3]);
}

/* A token alone: its pairs lie one behind another. */
TFC_APART void tfc_widen_token(uint32_t *to, int32_t bytes, const int8_t *x, int32_t c) {
    for (; c >= 4; c -= 4, x += 4 * bytes, to += 2) {
        struct tfc_pairs pairs = tfc_pairs_at(x, bytes);
        to[0] = pairs.even, to[1] = pairs.odd;
    }
    if (c > 0) tfc_widen_rest(to, to + 1, bytes, x, c);
}

/* Up to four columns of c channels. */
TFC_INLINE void tfc_widen_columns(uint32_t *strip, int32_t columns, int32_t bytes, const int8_t *const x[4], int32_t c) {
    if (bytes == 2) tfc_widen_quads4_s16(strip, x, c >> 2);
    else if (columns > 2) tfc_widen_quads4(strip, x, c >> 2);
    else tfc_widen_quads2(strip, x, c >> 2);
    if ((c & 3) == 0) return;
    strip += (c >> 2) * TFC_QUAD_WORDS;
    for (int32_t p = 0; p < columns; p++) tfc_widen_rest(strip + p, strip + TFC_PITCH + p, bytes, x[p] + (c & ~3) * bytes, c & 3);
}

#endif
