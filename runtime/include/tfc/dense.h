/* Products of a panel with dense weights, by pairs of output channels (the format "pairs" of backends/formats.py). */
#ifndef TFC_DENSE_H
#define TFC_DENSE_H

#include "tfc/registers.h"

/* sums[2][4] of two channels x four pixels, from their biases on; returns the weights of the next two channels. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_COLUMN0 "ldr %[p], [%[x]], #16"
#define TFC_WEIGHTS "ldr %[q], [%[w]], #4"
#define TFC_DENSE_WORD(NEXT0, NEXT1, NEXT2) TFC_WORD2X4("[%[x], #-12]", "[%[x], #-8]", "[%[x], #-4]", NEXT0, NEXT1, NEXT2)
/* An odd quad goes first, the others by twos. */
TFC_INLINE const int8_t *tfc_dense2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    const int8_t *end = w + 8 * quads;
    int32_t a0, a1, a2, a3, b0, b1, b2, b3;
    __asm__(TFC_START2X4 "sub %[p], %[q], %[w]\n\ttst %[p], #8\n\tbeq 1f\n\t"
            TFC_COLUMN0 "\n\t" TFC_WEIGHTS "\n\t"
            TFC_DENSE_WORD(TFC_COLUMN0, TFC_WEIGHTS, "")
            TFC_DENSE_WORD("ldr %[p], [sp]", "cmp %[w], %[p]", "beq 2f")
            "\n1:\t" TFC_COLUMN0 "\n\t" TFC_WEIGHTS "\n\t"
            TFC_DENSE_WORD(TFC_COLUMN0, TFC_WEIGHTS, "") TFC_DENSE_WORD(TFC_COLUMN0, TFC_WEIGHTS, "") TFC_DENSE_WORD(TFC_COLUMN0, TFC_WEIGHTS, "")
            TFC_DENSE_WORD("ldr %[p], [sp]", "cmp %[w], %[p]", "bne 1b")
            "\n2:\t" TFC_STORE2X4 : TFC_REGISTERS2X4 : : "cc", "memory");
    return w;
}
#undef TFC_DENSE_WORD
#undef TFC_WEIGHTS
#undef TFC_COLUMN0
#else
TFC_INLINE const int8_t *tfc_dense2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const int8_t *w, int32_t quads) {
    tfc_start2x4(sums, first, second);
    for (int32_t words = 2 * quads; words > 0; words--, w += 4, x += 4) tfc_macs2x4(sums, x, tfc_sxtb16(tfc_load(w)), tfc_sxtb16_8(tfc_load(w)));
    return w;
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
    for (; out > 0; out -= 2, b += 2, sums += 8) w = tfc_dense2x4(sums, b[0], b[out > 1], panel, w, quads);
}

#endif
