/* Products of a panel with streams of blocks that are not zero (backends/formats.py).
 * A row of blocks is a count, then groups of two: two steps in quads, then the weights of both; the last group may hold one. */
#ifndef TFC_SPARSE_H
#define TFC_SPARSE_H

#include "tfc/registers.h"

#if defined(__ARM_FEATURE_DSP)
/* To the block's panel: 32 bytes a quad. */
#define TFC_STEP(FROM) "ldrh %[p], " FROM "\n\tadd %[x], %[x], %[p], lsl #5\n\t"
/* Below the end of the groups, on the stack, lies whether a single block is left behind them. */
#define TFC_GROUPS(BLOCK, SECOND_STEP) \
    "cmp %[w], %[q]\n\tbeq 2f\n1:\n\t" TFC_STEP("[%[w]], #4") BLOCK TFC_STEP(SECOND_STEP) BLOCK TFC_LOOP_TO_END \
    "2:\n\tldr %[p], [sp, #8]\n\tcmp %[p], #0\n\tbeq 3f\n\t" TFC_STEP("[%[w]], #4") BLOCK "3:\n\t"

/* sums[2][4] of two channels x four pixels over a row of 2x4 blocks, from their biases on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++;
    const uint32_t *end = w + 5 * (count / 2);
    int32_t a0 = (int32_t)(count & 1), a1, a2, a3, b0, b1, b2, b3;
    __asm__("push {%[a0]}\n\t" TFC_START2X4 TFC_GROUPS(
                TFC_WEIGHTS2X4 TFC_MACS2X4("[%[x]]", "[%[x], #8]") TFC_WEIGHTS2X4 TFC_MACS2X4("[%[x], #16]", "[%[x], #24]"), "[%[w], #-10]")
                TFC_STORE2X4 "\n\tadd sp, #4"
            : [a0] "+r"(a0), TFC_OTHER_REGISTERS2X4
            :
            : "cc", "memory");
    return w;
}

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
                "[%[w], #-6]") "add sp, #12"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "+r"(p), [q] "=&r"(q), [u] "=&r"(u),
              [v] "=&r"(v)
            : [end] "r"(end)
            : "cc", "memory");
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    return w;
}

#undef TFC_GROUPS
#undef TFC_STEP
#else

TFC_INLINE void tfc_block2x4(int32_t *sums, const uint32_t *x, const uint32_t *w) {
    for (int32_t i = 0; i < 2; i++) tfc_macs2x4(sums, x + 4 * i, tfc_sxtb16(w[i]), tfc_sxtb16_8(w[i]));
}

TFC_INLINE const uint32_t *tfc_sparse2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w) {
    tfc_start2x4(sums, first, second);
    uint32_t count = *w++;
    for (; count >= 2; count -= 2, w += 5) {
        x += (w[0] & 0xffff) << 3;
        tfc_block2x4(sums, x, w + 1);
        x += w[0] >> 16 << 3;
        tfc_block2x4(sums, x, w + 3);
    }
    if (count) {
        tfc_block2x4(sums, x + (w[0] << 3), w + 1);
        w += 3;
    }
    return w;
}

TFC_INLINE void tfc_block1x4(int32_t *sums, const uint32_t *x, uint32_t word) {
    for (int32_t p = 0; p < 4; p++) sums[p] = tfc_smlad(x[4 + p], tfc_sxtb16_8(word), tfc_smlad(x[p], tfc_sxtb16(word), sums[p]));
}

TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    for (int32_t p = 0; p < 4; p++) sums[p] = bias;
    uint32_t count = *w++;
    for (; count >= 2; count -= 2, w += 3) {
        x += (w[0] & 0xffff) << 3;
        tfc_block1x4(sums, x, w[1]);
        x += w[0] >> 16 << 3;
        tfc_block1x4(sums, x, w[2]);
    }
    if (count) {
        tfc_block1x4(sums, x + (w[0] << 3), w[1]);
        w += 2;
    }
    return w;
}
#endif

/* All channels of a panel of four: sums[out][4]. */
TFC_APART void tfc_sparse1x4_channels(int32_t *sums, int32_t out, const uint32_t *panel, const uint32_t *w, const int32_t *b) {
    for (; out > 0; out--, sums += 4) w = tfc_sparse1x4(sums, *b++, panel, w);
}

/* The same for pairs of channels: sums[out, rounded up to even][4]. */
TFC_APART void tfc_sparse2x4_channels(int32_t *sums, int32_t out, const uint32_t *panel, const uint32_t *w, const int32_t *b) {
    for (; out > 1; out -= 2, b += 2, sums += 8) w = tfc_sparse2x4(sums, b[0], b[1], panel, w);
    if (out) tfc_sparse2x4(sums, b[0], b[0], panel, w);
}

#endif
