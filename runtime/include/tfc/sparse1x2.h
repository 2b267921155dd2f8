/* Products of a panel by pairs with a stream of blocks of one channel and two inputs. One word holds the weights of two blocks, interleaved. */
#ifndef TFC_SPARSE1X2_H
#define TFC_SPARSE1X2_H

#include "tfc/sparse.h"

TFC_INLINE void tfc_block1x2(int32_t *acc, const uint32_t *x, uint32_t weights) {
    for (int32_t p = 0; p < 4; p++) acc[p] = tfc_smlad(x[p], weights, acc[p]);
}

/* Groups of two, at least one; returns where the panel then is. */
#if defined(__ARM_FEATURE_DSP)
/* p holds the step to the first block, u the weights of both. A line is a cycle. */
TFC_INLINE const uint32_t *tfc_groups1x2(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], p, u, v, c0, c1, c2, c3;
    __asm__("ldr %[u], [%[w], #4]\n\tldrh %[p], [%[w]], #8\n1:\n\t"
            "add %[x], %[x], %[p], lsl #4\n\tldrh %[p], [%[w], #-6]\n\t"
            "sxtb16 %[v], %[u], ror #8\n\tcmp %[w], %[end]\n\t"
            TFC_COLUMN(0, 0) "sxtb16 %[u], %[u]\n\t"
            TFC_COLUMN(1, 4) TFC_COLUMN(2, 8)
            TFC_MAC(0, u) TFC_COLUMN(3, 12)
            TFC_MAC(1, u) "add %[x], %[x], %[p], lsl #4\n\t"
            TFC_MAC(2, u)
            TFC_MAC(3, u) TFC_COLUMN(0, 0)
            TFC_COLUMN(1, 4) TFC_COLUMN(2, 8)
            TFC_MAC(0, v) TFC_COLUMN(3, 12)
            TFC_MAC(1, v) "itt ne\n\t"
            "ldrne %[u], [%[w], #4]\n\tldrhne %[p], [%[w]], #8\n\t"
            TFC_MAC(2, v)
            TFC_MAC(3, v) "bne 1b"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "=&r"(p), [u] "=&r"(u), [v] "=&r"(v),
              [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [c3] "=&r"(c3)
            : [end] "r"(end)
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
    return x;
}
#else
TFC_INLINE const uint32_t *tfc_groups1x2(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    for (; w != end; w += 2) {
        x += 4 * tfc_step(w, 0);
        tfc_block1x2(acc, x, tfc_sxtb16(w[1]));
        x += 4 * tfc_step(w, 1);
        tfc_block1x2(acc, x, tfc_sxtb16_8(w[1]));
    }
    return x;
}
#endif

/* sums[4] of one channel x four pixels over a row of 1x2 blocks, from its bias on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse1x2(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    int32_t acc[4] = {bias, bias, bias, bias}, count = (int32_t)*w++;
    const uint32_t *last = w + 2 * (count >> 1);
    if (count > 1) x = tfc_groups1x2(acc, x, w, last);
    if (count & 1) tfc_block1x2(acc, x + 4 * tfc_step(last, 0), tfc_sxtb16(last[1]));
    for (int32_t p = 0; p < 4; p++) sums[p] = acc[p];
    return count & 1 ? last + 2 : last;
}

/* All channels of a panel of four. */
TFC_APART void tfc_sparse1x2_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *stream, const int32_t *b) {
    const uint32_t *w = (const void *)stream;
    (void)quads;
    for (; out > 0; out--, sums += 4) w = tfc_sparse1x2(sums, *b++, panel, w);
}

#endif
