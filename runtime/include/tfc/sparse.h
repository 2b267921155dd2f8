/* Products of a panel with streams of blocks that are not zero (backends/formats.py).
 * A row of blocks is a count, then groups of two: two steps in quads, then the weights of both; the last group may hold one. */
#ifndef TFC_SPARSE_H
#define TFC_SPARSE_H

#include "tfc/result.h"

#if defined(__ARM_FEATURE_DSP)
/* The loops take every register there is: their end, and whether a single block is left, lie on the stack. */
#define TFC_GROUPS(STEP, WORDS, GROUP_BYTES) \
    "push {%[p]}\n\tpush {%[q]}\n\tcmp %[w], %[q]\n\tbeq 2f\n" \
    "1:\n\t" STEP("[%[w]], #4") WORDS STEP("[%[w], #-" GROUP_BYTES "]") WORDS \
    "ldr %[p], [sp]\n\tcmp %[w], %[p]\n\tbne 1b\n" \
    "2:\n\tldr %[p], [sp, #4]\n\tcmp %[p], #0\n\tbeq 3f\n\t" STEP("[%[w]], #4") WORDS \
    "3:\n\tadd sp, #8"
/* To the block's panel: 32 bytes a quad. */
#define TFC_STEP(FROM) "ldrh %[p], " FROM "\n\tadd %[x], %[x], %[p], lsl #5\n\t"

#define TFC_WORD2X4(LEFT, RIGHT) \
    "ldr %[v], [%[w]], #4\n\tldrd %[p], %[q], [%[x], #" LEFT "]\n\t" \
    "sxtb16 %[u], %[v]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[b0], %[p], %[v], %[b0]\n\t" \
    "smlad %[a1], %[q], %[u], %[a1]\n\tsmlad %[b1], %[q], %[v], %[b1]\n\t" \
    "ldrd %[p], %[q], [%[x], #" RIGHT "]\n\t" \
    "smlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[b2], %[p], %[v], %[b2]\n\t" \
    "smlad %[a3], %[q], %[u], %[a3]\n\tsmlad %[b3], %[q], %[v], %[b3]\n\t"

/* acc[2][4] += two channels x four pixels over a row of 2x4 blocks; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse2x4(int32_t *acc, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++, end = (uint32_t)(w + 5 * (count / 2)), odd = count & 1, u, v;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], b0 = acc[4], b1 = acc[5], b2 = acc[6], b3 = acc[7];
    __asm__(TFC_GROUPS(TFC_STEP, TFC_WORD2X4("0", "8") TFC_WORD2X4("16", "24"), "10")
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3),
              [w] "+r"(w), [x] "+r"(x), [q] "+r"(end), [p] "+r"(odd), [u] "=&r"(u), [v] "=&r"(v)
            :
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3, acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
    return w;
}

#define TFC_WORD1X4 \
    "ldr %[v], [%[w]], #4\n\tldrd %[p], %[q], [%[x]]\n\t" \
    "sxtb16 %[u], %[v]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[a1], %[q], %[u], %[a1]\n\tldrd %[p], %[q], [%[x], #8]\n\t" \
    "smlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[a3], %[q], %[u], %[a3]\n\tldrd %[p], %[q], [%[x], #16]\n\t" \
    "smlad %[a0], %[p], %[v], %[a0]\n\tsmlad %[a1], %[q], %[v], %[a1]\n\tldrd %[p], %[q], [%[x], #24]\n\t" \
    "smlad %[a2], %[p], %[v], %[a2]\n\tsmlad %[a3], %[q], %[v], %[a3]\n\t"

/* acc[4] += one channel x four pixels over a row of 1x4 blocks; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *acc, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++, end = (uint32_t)(w + 3 * (count / 2)), odd = count & 1, u, v;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    __asm__(TFC_GROUPS(TFC_STEP, TFC_WORD1X4, "6")
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [q] "+r"(end), [p] "+r"(odd),
              [u] "=&r"(u), [v] "=&r"(v)
            :
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
    return w;
}

#undef TFC_GROUPS
#undef TFC_STEP
#undef TFC_WORD2X4
#undef TFC_WORD1X4
#else

/* Two channels x four pixels over one 2x4 block: words (first k0, second k0, first k2, second k2) and (k1, k3). */
TFC_INLINE void tfc_block2x4(int32_t *acc, const uint32_t *x, const uint32_t *w) {
    for (int32_t i = 0; i < 2; i++, x += 4) {
        uint32_t first = tfc_sxtb16(w[i]), second = tfc_sxtb16_8(w[i]);
        for (int32_t p = 0; p < 4; p++) {
            acc[p] = tfc_smlad(x[p], first, acc[p]);
            acc[4 + p] = tfc_smlad(x[p], second, acc[4 + p]);
        }
    }
}

TFC_INLINE const uint32_t *tfc_sparse2x4(int32_t *acc, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++;
    for (; count >= 2; count -= 2, w += 5) {
        x += (w[0] & 0xffff) << 3;
        tfc_block2x4(acc, x, w + 1);
        x += w[0] >> 16 << 3;
        tfc_block2x4(acc, x, w + 3);
    }
    if (count) {
        tfc_block2x4(acc, x + (w[0] << 3), w + 1);
        w += 3;
    }
    return w;
}

/* One channel x four pixels over one 1x4 block. */
TFC_INLINE void tfc_block1x4(int32_t *acc, const uint32_t *x, uint32_t word) {
    for (int32_t p = 0; p < 4; p++) acc[p] = tfc_smlad(x[4 + p], tfc_sxtb16_8(word), tfc_smlad(x[p], tfc_sxtb16(word), acc[p]));
}

TFC_INLINE const uint32_t *tfc_sparse1x4(int32_t *acc, const uint32_t *x, const uint32_t *w) {
    uint32_t count = *w++;
    for (; count >= 2; count -= 2, w += 3) {
        x += (w[0] & 0xffff) << 3;
        tfc_block1x4(acc, x, w[1]);
        x += w[0] >> 16 << 3;
        tfc_block1x4(acc, x, w[2]);
    }
    if (count) {
        tfc_block1x4(acc, x + (w[0] << 3), w[1]);
        w += 2;
    }
    return w;
}
#endif

/* All channels of a panel of four. */
TFC_INLINE void tfc_sparse1x4_channels(const struct tfc_result *result, int32_t out, const uint32_t *panel, const uint32_t *w, const int32_t *b,
                                       struct tfc_offsets at, const int8_t *r, int8_t *y) {
    for (int32_t channel = 0; channel < out; channel++) {
        int32_t acc[4] = {b[channel], b[channel], b[channel], b[channel]};
        w = tfc_sparse1x4(acc, panel, w);
        tfc_end(result, acc, 1, 4, channel, channel, at, r, y);
    }
}

TFC_INLINE void tfc_sparse2x4_channels(const struct tfc_result *result, int32_t out, const uint32_t *panel, const uint32_t *w, const int32_t *b,
                                       struct tfc_offsets at, const int8_t *r, int8_t *y) {
    for (int32_t first = 0; first < out; first += 2) {
        int32_t second = first + 1 < out ? first + 1 : first;
        int32_t acc[8] = {b[first], b[first], b[first], b[first], b[second], b[second], b[second], b[second]};
        w = tfc_sparse2x4(acc, panel, w);
        for (int32_t p = 0; second == first && p < 4; p++) acc[4 + p] = acc[p];
        tfc_end(result, acc, 2, 4, first, second, at, r, y);
    }
}

#endif
