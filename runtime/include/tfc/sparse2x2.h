/* Products of a panel by pairs with a stream of blocks of two channels and two inputs. */
#ifndef TFC_SPARSE2X2_H
#define TFC_SPARSE2X2_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
/* p holds the step to the block; ASIDE has time while the address is added up. */
#define TFC_BLOCK2X2(WORD, ASIDE, NEXT0, NEXT2) \
    "add %[x], %[x], %[p], lsl #4\n\tldr %[q], " WORD "\n\t" ASIDE "ldr %[p], [%[x]]\n\t" \
    TFC_WORD2X4("[%[x], #4]", "[%[x], #8]", "[%[x], #12]", NEXT0, "", NEXT2)
/* sums[2][4] of two channels x four pixels over a row of 2x2 blocks, from their biases on; returns the next row.
 * Below the end of the groups, on the stack, lies whether a single block is left behind them. */
TFC_INLINE const uint32_t *tfc_sparse2x2(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++;
    const uint32_t *end = w + 3 * (count / 2);
    int32_t a0 = (int32_t)(count & 1), a1, a2, a3, b0, b1, b2, b3;
    __asm__("push {%[a0]}\n\t" TFC_START2X4 "cmp %[w], %[q]\n\tbeq 2f\n\tldrh %[p], [%[w]], #12\n1:\n\t"
            TFC_BLOCK2X2("[%[w], #-8]", "", "ldrh %[p], [%[w], #-10]", "")
            TFC_BLOCK2X2("[%[w], #-4]", "ldr %[p], [sp]\n\tcmp %[w], %[p]\n\t", "it ne\n\tldrhne %[p], [%[w]], #12", "bne 1b")
            "\n2:\tldr %[p], [sp, #8]\n\tcmp %[p], #0\n\tbeq 3f\n\tldrh %[p], [%[w]], #8\n\t"
            TFC_BLOCK2X2("[%[w], #-4]", "", "", "")
            "\n3:\t" TFC_STORE2X4 "\n\tadd sp, #4"
            : [a0] "+r"(a0), TFC_OTHER_REGISTERS2X4
            :
            : "cc", "memory");
    return w;
}
#undef TFC_BLOCK2X2

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
    for (; out > 0; out -= 2, b += 2, sums += 8) w = tfc_sparse2x2(sums, b[0], b[out > 1], panel, w);
}

#endif
