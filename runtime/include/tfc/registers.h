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
/* p and q hold the inputs of columns 0 and 1, then 2 and 3; u and v the weights of both rows. */
#define TFC_MACS2X4(COLUMNS01, COLUMNS23) \
    "ldrd %[p], %[q], " COLUMNS01 "\n\t" \
    "smlad %[a0], %[p], %[u], %[a0]\n\tsmlad %[b0], %[p], %[v], %[b0]\n\t" \
    "smlad %[a1], %[q], %[u], %[a1]\n\tsmlad %[b1], %[q], %[v], %[b1]\n\t" \
    "ldrd %[p], %[q], " COLUMNS23 "\n\t" \
    "smlad %[a2], %[p], %[u], %[a2]\n\tsmlad %[b2], %[p], %[v], %[b2]\n\t" \
    "smlad %[a3], %[q], %[u], %[a3]\n\tsmlad %[b3], %[q], %[v], %[b3]\n\t"
#define TFC_LOOP_TO_END "ldr %[p], [sp]\n\tcmp %[w], %[p]\n\tbne 1b\n"
#define TFC_REGISTERS2X4 \
    [a0] "=&r"(a0), [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [b0] "=&r"(b0), [b1] "=&r"(b1), [b2] "=&r"(b2), [b3] "=&r"(b3), \
        [w] "+r"(w), [x] "+r"(x), [p] "+r"(sums), [q] "+r"(end), [u] "+r"(first), [v] "+r"(second)
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
