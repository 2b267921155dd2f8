/* Products of a panel with dense weights, by pairs of output channels (the format "pairs" of backends/formats.py). */
#ifndef TFC_DENSE_H
#define TFC_DENSE_H

#include "tfc/result.h"

/* Dense, 2 channels x 4 pixels; returns the weights of the next two channels. The loop takes every register there is:
 * its end lies on the stack. It is written out because compilers spill here: 29 instructions for 32 products, not 35. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_WORD2X4 \
    "ldr %[v], [%[w]], #4\n\tldrd %[p], %[q], [%[x]], #16\n\t" \
    "sxtb16 %[u], %[v]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[b0], %[p], %[v], %[b0]\n\t" \
    "smlad %[a1], %[q], %[u], %[a1]\n\tsmlad %[b1], %[q], %[v], %[b1]\n\t" \
    "ldrd %[p], %[q], [%[x], #-8]\n\t" \
    "smlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[b2], %[p], %[v], %[b2]\n\t" \
    "smlad %[a3], %[q], %[u], %[a3]\n\tsmlad %[b3], %[q], %[v], %[b3]\n\t"

TFC_INLINE const int8_t *tfc_dense2x4(int32_t *acc, const uint32_t *x, const int8_t *w, int32_t quads) {
    uint32_t end = (uint32_t)(w + 8 * quads), u, v, p;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], b0 = acc[4], b1 = acc[5], b2 = acc[6], b3 = acc[7];
    __asm__("push {%[q]}\n\t"
            "1:\n\t" TFC_WORD2X4 TFC_WORD2X4
            "ldr %[p], [sp]\n\tcmp %[w], %[p]\n\tbne 1b\n\t"
            "add sp, #4"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3),
              [w] "+r"(w), [x] "+r"(x), [q] "+r"(end), [u] "=&r"(u), [v] "=&r"(v), [p] "=&r"(p)
            :
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3, acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
    return w;
}
#undef TFC_WORD2X4
#else
/* acc[2][4] += two channels x four pixels over one word of weights (first k0, second k0, first k2, second k2). */
TFC_INLINE void tfc_word2x4(int32_t *acc, const uint32_t *x, uint32_t word) {
    uint32_t first = tfc_sxtb16(word), second = tfc_sxtb16_8(word);
    for (int32_t p = 0; p < 4; p++) {
        uint32_t pair = x[p];
        acc[p] = tfc_smlad(pair, first, acc[p]);
        acc[4 + p] = tfc_smlad(pair, second, acc[4 + p]);
    }
}

TFC_INLINE const int8_t *tfc_dense2x4(int32_t *acc, const uint32_t *x, const int8_t *w, int32_t quads) {
    const int8_t *end = w + 8 * quads;
    for (; w != end; w += 8, x += 8) {
        tfc_word2x4(acc, x, tfc_load(w));
        tfc_word2x4(acc, x + 4, tfc_load(w + 4));
    }
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

/* All channels of a panel of four: the rest of a dense convolution or linear once the panel is there. */
TFC_INLINE void tfc_dense_channels(const struct tfc_result *result, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *w,
                                   const int32_t *b, struct tfc_offsets at, const int8_t *r, int8_t *y) {
    for (int32_t first = 0; first < out; first += 2) {
        int32_t second = first + 1 < out ? first + 1 : first;
        int32_t acc[8] = {b[first], b[first], b[first], b[first], b[second], b[second], b[second], b[second]};
        w = tfc_dense2x4(acc, panel, w, quads);
        tfc_end(result, acc, 2, 4, first, second, at, r, y);
    }
}

#endif
