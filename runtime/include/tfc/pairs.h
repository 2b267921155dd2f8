/* Two rows of int16 pairs times a panel of four columns: the products of activations.
 * Rows: for each step, the pair of the first row, then that of the second. Panel: for each step the pairs of four columns. */
#ifndef TFC_PAIRS_H
#define TFC_PAIRS_H

#include "tfc/panel.h"
#include "tfc/simd.h"

/* acc[2][4] += rows x panel over an even number of steps. As tfc_dense2x4 the loop takes every register there is. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_STEP2X4 \
    "ldrd %[u], %[v], [%[w]], #8\n\tldrd %[p], %[q], [%[x]], #16\n\t" \
    "smlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[b0], %[p], %[v], %[b0]\n\t" \
    "smlad %[a1], %[q], %[u], %[a1]\n\tsmlad %[b1], %[q], %[v], %[b1]\n\t" \
    "ldrd %[p], %[q], [%[x], #-8]\n\t" \
    "smlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[b2], %[p], %[v], %[b2]\n\t" \
    "smlad %[a3], %[q], %[u], %[a3]\n\tsmlad %[b3], %[q], %[v], %[b3]\n\t"

TFC_INLINE void tfc_pairs2x4(int32_t *acc, const uint32_t *x, const uint32_t *w, int32_t steps) {
    uint32_t end = (uint32_t)(w + 2 * steps), u, v, p;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], b0 = acc[4], b1 = acc[5], b2 = acc[6], b3 = acc[7];
    __asm__("push {%[q]}\n\t"
            "1:\n\t" TFC_STEP2X4 TFC_STEP2X4
            "ldr %[p], [sp]\n\tcmp %[w], %[p]\n\tbne 1b\n\t"
            "add sp, #4"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3),
              [w] "+r"(w), [x] "+r"(x), [q] "+r"(end), [u] "=&r"(u), [v] "=&r"(v), [p] "=&r"(p)
            :
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3, acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
}
#undef TFC_STEP2X4
#else
TFC_INLINE void tfc_pairs2x4(int32_t *acc, const uint32_t *x, const uint32_t *w, int32_t steps) {
    for (; steps > 0; steps--, x += 4, w += 2) {
        for (int32_t i = 0; i < 4; i++) {
            acc[i] = tfc_smlad(x[i], w[0], acc[i]);
            acc[4 + i] = tfc_smlad(x[i], w[1], acc[4 + i]);
        }
    }
}
#endif

/* One step of a panel: two rows of four columns, paired row by row. */
TFC_INLINE void tfc_pair_columns(uint32_t *panel, uint32_t upper, uint32_t lower) {
    uint32_t upper02 = tfc_sxtb16(upper), upper13 = tfc_sxtb16_8(upper), lower02 = tfc_sxtb16(lower), lower13 = tfc_sxtb16_8(lower);
    panel[0] = tfc_pkhbt(upper02, lower02);
    panel[1] = tfc_pkhbt(upper13, lower13);
    panel[2] = tfc_pkhtb(upper02, lower02);
    panel[3] = tfc_pkhtb(upper13, lower13);
}

#endif
