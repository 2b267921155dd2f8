/* Products of a panel with dense weights, by pairs of output channels (the format "pairs" of backends/formats.py). */
#ifndef TFC_DENSE_H
#define TFC_DENSE_H

#include "tfc/registers.h"

/* sums[2][4] of two channels x four pixels, from their biases on; returns the weights of the next two channels.
 * tfc_dense2x4_even is the same for an even number of quads. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_QUAD2X4 TFC_WEIGHTS2X4 TFC_MACS2X4("[%[x]], #16", "[%[x], #-8]") TFC_WEIGHTS2X4 TFC_MACS2X4("[%[x]], #16", "[%[x], #-8]")
TFC_INLINE const int8_t *tfc_dense2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    const int8_t *end = w + 8 * quads;
    int32_t a0, a1, a2, a3, b0, b1, b2, b3;
    __asm__(TFC_START2X4 "1:\n\t" TFC_QUAD2X4 TFC_LOOP_TO_END TFC_STORE2X4 : TFC_REGISTERS2X4 : : "cc", "memory");
    return w;
}

TFC_INLINE const int8_t *tfc_dense2x4_even(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    const int8_t *end = w + 8 * quads;
    int32_t a0, a1, a2, a3, b0, b1, b2, b3;
    __asm__(TFC_START2X4 "1:\n\t" TFC_QUAD2X4 TFC_QUAD2X4 TFC_LOOP_TO_END TFC_STORE2X4 : TFC_REGISTERS2X4 : : "cc", "memory");
    return w;
}
#undef TFC_QUAD2X4
#else
TFC_INLINE const int8_t *tfc_dense2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    tfc_start2x4(sums, first, second);
    for (int32_t words = 2 * quads; words > 0; words--, w += 4, x += 4) tfc_macs2x4(sums, x, tfc_sxtb16(tfc_load(w)), tfc_sxtb16_8(tfc_load(w)));
    return w;
}

TFC_INLINE const int8_t *tfc_dense2x4_even(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    return tfc_dense2x4(sums, first, second, x, w, quads);
}
#endif

/* Dense, 2 channels x 1 pixel. */
TFC_INLINE const int8_t *tfc_dense2x1(int32_t *acc, const uint32_t *x, const int8_t *w, int32_t quads) {
    const int8_t *end = w + 8 * quads;
    for (; w != end; w += 8, x += 2) {
        uint32_t word0 = tfc_load(w), word1 = tfc_load(w + 4);
        acc[0] = tfc_smlad(x[0], tfc_sxtb16(word0), acc[0]);
        acc[1] = tfc_smlad(x[0], tfc_sxtb16_8(word0), acc[1]);
        acc[0] = tfc_smlad(x[1], tfc_sxtb16(word1), acc[0]);
        acc[1] = tfc_smlad(x[1], tfc_sxtb16_8(word1), acc[1]);
    }
    return w;
}

/* All channels of a panel of four: sums[out, rounded up to even][4]. */
TFC_APART void tfc_dense_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *w, const int32_t *b) {
    for (; out > 1 && (quads & 1) == 0; out -= 2, b += 2, sums += 8) w = tfc_dense2x4_even(sums, b[0], b[1], panel, w, quads);
    for (; out > 1; out -= 2, b += 2, sums += 8) w = tfc_dense2x4(sums, b[0], b[1], panel, w, quads);
    if (out) tfc_dense2x4(sums, b[0], b[0], panel, w, quads);
}

#endif
