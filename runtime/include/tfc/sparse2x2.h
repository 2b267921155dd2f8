/* Products of a panel by pairs with a stream of blocks of two channels and two inputs. */
#ifndef TFC_SPARSE2X2_H
#define TFC_SPARSE2X2_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
/* sums[2][4] of two channels x four pixels over a row of 2x2 blocks, from their biases on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse2x2(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++;
    const uint32_t *end = w + 3 * (count / 2);
    int32_t a0 = (int32_t)(count & 1), a1, a2, a3, b0, b1, b2, b3;
    __asm__("push {%[a0]}\n\t" TFC_START2X4 TFC_GROUPS(TFC_WEIGHTS2X4 TFC_MACS2X4("[%[x]]", "[%[x], #8]"), "[%[w], #-6]", "4")
                TFC_STORE2X4 "\n\tadd sp, #4"
            : [a0] "+r"(a0), TFC_OTHER_REGISTERS2X4
            :
            : "cc", "memory");
    return w;
}

#else
TFC_INLINE const uint32_t *tfc_sparse2x2(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w) {
    tfc_start2x4(sums, first, second);
    for (int32_t count = (int32_t)*w++; count > 0; count -= 2) {
        const uint32_t *steps = w++;
        for (int32_t i = 0; i < 2 && i < count; i++, w++) {
            x += 4 * tfc_step(steps, i);
            tfc_macs2x4(sums, x, tfc_sxtb16(*w), tfc_sxtb16_8(*w));
        }
    }
    return w;
}
#endif

/* All channels of a panel of four, by pairs. */
TFC_APART void tfc_sparse2x2_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *stream, const int32_t *b) {
    const uint32_t *w = (const void *)stream;
    (void)quads;
    for (; out > 1; out -= 2, b += 2, sums += 8) w = tfc_sparse2x2(sums, b[0], b[1], panel, w);
    if (out) tfc_sparse2x2(sums, b[0], b[0], panel, w);
}

#endif
