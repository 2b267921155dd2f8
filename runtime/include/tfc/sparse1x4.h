/* Products of a panel by quads with a stream of blocks of one channel and four inputs. */
#ifndef TFC_SPARSE1X4_H
#define TFC_SPARSE1X4_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
/* p holds the step to the block, u its weights. A line is a cycle; the last have room for the next block's. */
#define TFC_BLOCK1X4(ASIDE, NEXT0, NEXT1, NEXT2) \
    "add %[x], %[x], %[p], lsl #5\n\t" \
    "sxtb16 %[v], %[u], ror #8\n\t" ASIDE \
    TFC_COLUMN(0, 0) "sxtb16 %[u], %[u]\n\t" \
    TFC_COLUMN(1, 4) TFC_COLUMN(2, 8) \
    TFC_MAC(0, u) TFC_COLUMN(3, 12) \
    TFC_MAC(1, u) TFC_COLUMN(0, 16) \
    TFC_MAC(2, u) TFC_COLUMN(1, 20) \
    TFC_MAC(3, u) TFC_COLUMN(2, 24) \
    TFC_MAC(0, v) TFC_COLUMN(3, 28) \
    TFC_MAC(1, v) NEXT0 \
    TFC_MAC(2, v) NEXT1 \
    TFC_MAC(3, v) NEXT2
/* sums[4] of one channel x four pixels over a row of 1x4 blocks, from its bias on; returns the next row.
 * On the stack lies whether a single block is left behind the groups. */
TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++, p = count & 1, u, v, c0, c1, c2, c3;
    const uint32_t *end = w + 3 * (count / 2);
    int32_t a0 = bias, a1 = bias, a2 = bias, a3 = bias;
    __asm__("push {%[p]}\n\tcmp %[w], %[end]\n\tbeq 2f\n\tldr %[u], [%[w], #4]\n\tldrh %[p], [%[w]], #12\n1:\n\t"
            TFC_BLOCK1X4("", "ldrh %[p], [%[w], #-10]\n\t", "ldr %[u], [%[w], #-4]\n\t", "")
            TFC_BLOCK1X4("cmp %[w], %[end]\n\t", "itt ne\n\tldrne %[u], [%[w], #4]\n\tldrhne %[p], [%[w]], #12\n\t", "", "bne 1b\n")
            "2:\tpop {%[p]}\n\tcmp %[p], #0\n\tbeq 3f\n\tldrh %[p], [%[w]], #8\n\tldr %[u], [%[w], #-4]\n\t"
            TFC_BLOCK1X4("", "", "", "") "3:"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "+r"(p), [u] "=&r"(u), [v] "=&r"(v),
              [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [c3] "=&r"(c3)
            : [end] "r"(end)
            : "cc", "memory");
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    return w;
}
#undef TFC_BLOCK1X4
#else
TFC_INLINE void tfc_block1x4(int32_t *sums, const uint32_t *x, uint32_t word) {
    for (int32_t p = 0; p < 4; p++) sums[p] = tfc_smlad(x[4 + p], tfc_sxtb16_8(word), tfc_smlad(x[p], tfc_sxtb16(word), sums[p]));
}

TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    for (int32_t p = 0; p < 4; p++) sums[p] = bias;
    uint32_t count = *w++;
    for (; count >= 2; count -= 2, w += 3) {
        x += 8 * tfc_step(w, 0);
        tfc_block1x4(sums, x, w[1]);
        x += 8 * tfc_step(w, 1);
        tfc_block1x4(sums, x, w[2]);
    }
    if (count) {
        tfc_block1x4(sums, x + 8 * tfc_step(w, 0), w[1]);
        w += 2;
    }
    return w;
}
#endif

/* All channels of a panel of four. */
TFC_APART void tfc_sparse1x4_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *stream, const int32_t *b) {
    const uint32_t *w = (const void *)stream;
    (void)quads;
    for (; out > 0; out--, sums += 4) w = tfc_sparse1x4(sums, *b++, panel, w);
}

#endif
