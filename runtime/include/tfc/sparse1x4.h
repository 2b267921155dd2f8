/* Products of a panel by quads with a stream of blocks of one channel and four inputs. */
#ifndef TFC_SPARSE1X4_H
#define TFC_SPARSE1X4_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
/* sums[4] of one channel x four pixels over a row of 1x4 blocks, from its bias on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++, odd = count & 1, u, v, p = odd, q;
    const uint32_t *end = w + 3 * (count / 2);
    int32_t a0 = bias, a1 = bias, a2 = bias, a3 = bias;
    __asm__("push {%[p]}\n\tsub sp, #4\n\tpush {%[end]}\n\tmov %[q], %[end]\n\t" TFC_GROUPS(
                TFC_WEIGHTS2X4 "ldrd %[p], %[q], [%[x]]\n\tsmlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[a1], %[q], %[u], %[a1]\n\t"
                               "ldrd %[p], %[q], [%[x], #8]\n\tsmlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[a3], %[q], %[u], %[a3]\n\t"
                               "ldrd %[p], %[q], [%[x], #16]\n\tsmlad %[a0], %[p], %[v], %[a0]\n\tsmlad %[a1], %[q], %[v], %[a1]\n\t"
                               "ldrd %[p], %[q], [%[x], #24]\n\tsmlad %[a2], %[p], %[v], %[a2]\n\tsmlad %[a3], %[q], %[v], %[a3]\n\t",
                "[%[w], #-6]", "5") "add sp, #12"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "+r"(p), [q] "=&r"(q), [u] "=&r"(u),
              [v] "=&r"(v)
            : [end] "r"(end)
            : "cc", "memory");
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    return w;
}
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
