/* Products of a panel by single inputs with a stream of blocks of four channels and one input. */
#ifndef TFC_SPARSE4X1_H
#define TFC_SPARSE4X1_H

#include "tfc/sparse.h"

/* Of four channels (weights 0 and 2, 1 and 3) and two pixels. */
TFC_INLINE void tfc_block4x1(int32_t *acc, uint32_t x, uint32_t word) {
    uint32_t even = tfc_sxtb16(word), odd = tfc_sxtb16_8(word);
    acc[0] = tfc_smlabb(x, even, acc[0]), acc[1] = tfc_smlatb(x, even, acc[1]);
    acc[2] = tfc_smlabb(x, odd, acc[2]), acc[3] = tfc_smlatb(x, odd, acc[3]);
    acc[4] = tfc_smlabt(x, even, acc[4]), acc[5] = tfc_smlatt(x, even, acc[5]);
    acc[6] = tfc_smlabt(x, odd, acc[6]), acc[7] = tfc_smlatt(x, odd, acc[7]);
}

/* Groups of two, at least one; returns where the panel then is. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_BLOCK4X1(STEP, WORD) \
    TFC_STEP(STEP, "3") "ldr %[v], " WORD "\n\tldr %[p], [%[x]]\n\tsxtb16 %[u], %[v]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlabb %[a0], %[p], %[u], %[a0]\n\tsmlatb %[a1], %[p], %[u], %[a1]\n\tsmlabb %[a2], %[p], %[v], %[a2]\n\tsmlatb %[a3], %[p], %[v], %[a3]\n\t" \
    "smlabt %[b0], %[p], %[u], %[b0]\n\tsmlatt %[b1], %[p], %[u], %[b1]\n\tsmlabt %[b2], %[p], %[v], %[b2]\n\tsmlatt %[b3], %[p], %[v], %[b3]\n\t"
TFC_INLINE const uint32_t *tfc_groups4x1(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], b0 = acc[4], b1 = acc[5], b2 = acc[6], b3 = acc[7], p, u, v;
    __asm__("1:\n\t" TFC_BLOCK4X1("[%[w]], #12", "[%[w], #-8]") TFC_BLOCK4X1("[%[w], #-10]", "[%[w], #-4]") "cmp %[w], %[end]\n\tbne 1b"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3), [w] "+r"(w),
              [x] "+r"(x), [p] "=&r"(p), [u] "=&r"(u), [v] "=&r"(v)
            : [end] "r"(end)
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3, acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
    return x;
}
#undef TFC_BLOCK4X1
#else
TFC_INLINE const uint32_t *tfc_groups4x1(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    for (; w != end; w += 3) {
        x += 2 * tfc_step(w, 0);
        tfc_block4x1(acc, *x, w[1]);
        x += 2 * tfc_step(w, 1);
        tfc_block4x1(acc, *x, w[2]);
    }
    return x;
}
#endif

/* Two pixels of sums[4][4] over a row of 4x1 blocks, from the biases on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse4x1(int32_t *sums, const int32_t *b, const uint32_t *x, const uint32_t *w) {
    int32_t acc[8] = {b[0], b[0], b[1], b[1], b[2], b[2], b[3], b[3]}, count = (int32_t)*w++;
    const uint32_t *last = w + 3 * (count >> 1);
    if (count > 1) x = tfc_groups4x1(acc, x, w, last);
    if (count & 1) tfc_block4x1(acc, x[2 * tfc_step(last, 0)], last[1]);
    for (int32_t i = 0; i < 4; i++) sums[4 * i] = acc[2 * i], sums[4 * i + 1] = acc[2 * i + 1];
    return count & 1 ? last + 2 : last;
}

/* All channels of a panel of four, by fours: eight sums fill the registers, so that each row is walked for two pixels at a time. */
TFC_APART void tfc_sparse4x1_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *stream, const int32_t *b) {
    const uint32_t *w = (const void *)stream;
    (void)quads;
    for (; out > 0; out -= 4, b += 4, sums += 16) {
        int32_t last[4] = {b[0], out > 1 ? b[1] : 0, out > 2 ? b[2] : 0, 0};
        const int32_t *biases = out > 3 ? b : last;
        tfc_sparse4x1(sums, biases, panel, w);
        w = tfc_sparse4x1(sums + 2, biases, panel + 1, w);
    }
}

#endif
