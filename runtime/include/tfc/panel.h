/* A panel: the inputs of four tokens, widened to int16: for every four inputs k the pairs (k0, k2) of all tokens, then (k1, k3), what SXTB16 makes
 * of a quad without further work. */
#ifndef TFC_PANEL_H
#define TFC_PANEL_H

#include "tfc/simd.h"

/* `quads` quads of four tokens; returns the end of what it wrote. */
TFC_INLINE uint32_t *tfc_widen4(uint32_t *panel, const int8_t *const x[4], int32_t quads) {
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    for (; quads > 0; quads--, panel += 8, x0 += 4, x1 += 4, x2 += 4, x3 += 4) {
        uint32_t q0 = tfc_load(x0), q1 = tfc_load(x1), q2 = tfc_load(x2), q3 = tfc_load(x3);
        panel[0] = tfc_sxtb16(q0), panel[1] = tfc_sxtb16(q1), panel[2] = tfc_sxtb16(q2), panel[3] = tfc_sxtb16(q3);
        panel[4] = tfc_sxtb16_8(q0), panel[5] = tfc_sxtb16_8(q1), panel[6] = tfc_sxtb16_8(q2), panel[7] = tfc_sxtb16_8(q3);
    }
    return panel;
}

/* `count` bytes, at most 4, as a quad that ends in zeros. */
TFC_INLINE uint32_t tfc_load_tail(const int8_t *x, int32_t count) {
    uint32_t quad = 0;
    for (int32_t i = 0; i < count; i++) quad |= (uint32_t)(uint8_t)x[i] << 8 * i;
    return quad;
}

/* The last inputs of a token where they are no multiple of four. */
TFC_INLINE void tfc_widen_tail(uint32_t *panel, const int8_t *x, int32_t count) {
    uint32_t q = tfc_load_tail(x, count);
    panel[0] = tfc_sxtb16(q);
    panel[4] = tfc_sxtb16_8(q);
}

#endif
