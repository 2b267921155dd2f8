/* Sums of two rows and four columns in one inline loop. It takes every register there is, so it also starts the sums, keeps
 * what it needs at its end on the stack, and stores the sums: compilers would move each of them through memory twice. */
#ifndef TFC_REGISTERS_H
#define TFC_REGISTERS_H

#include "tfc/simd.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_START2X4 \
    "strd %[q], %[p], [sp, #-8]!\n\t" \
    "mov %[a0], %[u]\n\tmov %[a1], %[u]\n\tmov %[a2], %[u]\n\tmov %[a3], %[u]\n\t" \
    "mov %[b0], %[v]\n\tmov %[b1], %[v]\n\tmov %[b2], %[v]\n\tmov %[b3], %[v]\n"
#define TFC_STORE2X4 \
    "ldrd %[q], %[p], [sp], #8\n\t" \
    "strd %[a0], %[a1], [%[p]]\n\tstrd %[a2], %[a3], [%[p], #8]\n\tstrd %[b0], %[b1], [%[p], #16]\n\tstrd %[b2], %[b3], [%[p], #24]"
#else
/* sums[2][4] += two weights x four columns. */
TFC_INLINE void tfc_macs2x4(int32_t *sums, const uint32_t *x, uint32_t first, uint32_t second) {
    for (int32_t p = 0; p < 4; p++) {
        sums[p] = tfc_smlad(x[p], first, sums[p]);
        sums[4 + p] = tfc_smlad(x[p], second, sums[4 + p]);
    }
}

TFC_INLINE void tfc_start2x4(int32_t *sums, int32_t first, int32_t second) {
    for (int32_t p = 0; p < 4; p++) {
        sums[p] = first;
        sums[4 + p] = second;
    }
}
#endif
#endif
