/* Two rows of int16 pairs times a panel of four columns: the products of activations.
 * Rows: for each step, the pair of the first row, then that of the second. Panel: for each step the pairs of four columns. */
#ifndef TFC_PAIRS_H
#define TFC_PAIRS_H

#include "tfc/registers.h"

/* sums[2][4] of rows x panel over an even number of steps, from the starts on. */
#if defined(__ARM_FEATURE_DSP)
#define TFC_STEP2X4 "ldrd %[u], %[v], [%[w]], #8\n\t" TFC_MACS2X4("[%[x]], #16", "[%[x], #-8]")
TFC_INLINE void tfc_pairs2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w, int32_t steps) {
    const uint32_t *end = w + 2 * steps;
    int32_t a0, a1, a2, a3, b0, b1, b2, b3;
    __asm__(TFC_START2X4 "1:\n\t" TFC_STEP2X4 TFC_STEP2X4 TFC_LOOP_TO_END TFC_STORE2X4 : TFC_REGISTERS2X4 : : "cc", "memory");
}
#undef TFC_STEP2X4
#else
TFC_INLINE void tfc_pairs2x4(int32_t *sums, int32_t first, int32_t second, const uint32_t *x, const uint32_t *w, int32_t steps) {
    tfc_start2x4(sums, first, second);
    for (; steps > 0; steps--, x += 4, w += 2) tfc_macs2x4(sums, x, w[0], w[1]);
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
