/* Blocks of 2 x 2 sums of a 3 x 3 window of stride 1, whose nine weights stay in six registers: (w0, w1) and (w1, w2) of each row. */
#ifndef TFC_BLOCKS3X3_H
#define TFC_BLOCKS3X3_H

#include "tfc/blocks.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_WEIGHTS3X3 \
    "ldr %[a0], [%[a0], #40]\n\tldrd %[u0], %[v0], [%[a0]]\n\tldrd %[u1], %[v1], [%[a0], #8]\n\tldrd %[u2], %[v2], [%[a0], #16]\n"
/* The start of a stripe, whose end is in a1: an odd number of blocks begins in the middle. */
#define TFC_STRIPE3X3 \
    "1:\tsub %[a0], %[a1], %[x]\n\tldr %[a3], [sp, #16]\n\ttst %[a0], #8\n\tldr %[p], [%[x], #-4]\n\tldr %[q], [%[x], #540]\n\t" \
    "itt ne\n\tsubne %[x], %[x], #8\n\tbne 3f\n"
/* A block of rows at these offsets, of which p and q hold the first; the bias lies in a3, which is begun last. A line has what may issue
 * together; what reads the last row's right word is the ending's. */
#define TFC_BLOCK3X3(ROW1, ROW2, ROW3, RIGHT1, RIGHT2, RIGHT3) \
    "smlad %[a0], %[p], %[u0], %[a3]\n\t" \
    "smlatb %[a1], %[p], %[u0], %[a3]\n\tldr %[p], [%[x], " ROW1 "]\n\t" \
    "smlabt %[a0], %[q], %[v0], %[a0]\n\t" \
    "smlad %[a1], %[q], %[v0], %[a1]\n\tldr %[q], [%[x], " RIGHT1 "]\n\t" \
    "smlad %[a2], %[p], %[u0], %[a3]\n\t" \
    "smlatb %[a3], %[p], %[u0], %[a3]\n\t" \
    "smlad %[a0], %[p], %[u1], %[a0]\n\t" \
    "smlatb %[a1], %[p], %[u1], %[a1]\n\tldr %[p], [%[x], " ROW2 "]\n\t" \
    "smlabt %[a0], %[q], %[v1], %[a0]\n\t" \
    "smlad %[a1], %[q], %[v1], %[a1]\n\t" \
    "smlabt %[a2], %[q], %[v0], %[a2]\n\t" \
    "smlad %[a3], %[q], %[v0], %[a3]\n\tldr %[q], [%[x], " RIGHT2 "]\n\t" \
    "smlad %[a0], %[p], %[u2], %[a0]\n\t" \
    "smlatb %[a1], %[p], %[u2], %[a1]\n\t" \
    "smlad %[a2], %[p], %[u1], %[a2]\n\t" \
    "smlatb %[a3], %[p], %[u1], %[a3]\n\tldr %[p], [%[x], " ROW3 "\n\t" \
    "smlabt %[a0], %[q], %[v2], %[a0]\n\t" \
    "smlad %[a1], %[q], %[v2], %[a1]\n\t" \
    "smlabt %[a2], %[q], %[v1], %[a2]\n\t" \
    "smlad %[a3], %[q], %[v1], %[a3]\n\tldr %[q], [%[x], " RIGHT3 "]\n\t" \
    "smlad %[a2], %[p], %[u2], %[a2]\n\t" \
    "smlatb %[a3], %[p], %[u2], %[a3]\n\t"
/* x, which runs down the left column, is one row ahead: the last load of two blocks moves it. */
#define TFC_FIRST3X3 TFC_BLOCK3X3("#0", "#4", "#8]", "#544", "#548", "#552")
#define TFC_SECOND3X3 TFC_BLOCK3X3("#8", "#12", "#16]!", "#552", "#556", "#544")
#define TFC_LOOP3X3(ENDING) \
    __asm__ volatile(TFC_BEGIN_BLOCKS TFC_WEIGHTS3X3 TFC_STRIPE3X3 "2:\t" TFC_FIRST3X3 ENDING("smlabt %[a2], %[q], %[v2], %[a2]\n\t", "smlad %[a3], %[q], %[v2], %[a3]\n\t", "[%[x], #4]", "[%[x], #548]", "", "", "", TFC_BIAS_BLOCKS, "") "\n3:\t" \
                     TFC_SECOND3X3 ENDING("smlabt %[a2], %[q], %[v2], %[a2]\n\t", "smlad %[a3], %[q], %[v2], %[a3]\n\t", "[%[x], #-4]", "[%[x], #540]", "", "", "ldr %[a1], [sp, #20]\n\t", "cmp %[x], %[a1]\n\t", TFC_BIAS_BLOCKS) "bne 2b\n\t" TFC_NEXT_STRIPE_BLOCKS \
                     : [u0] "=&r"(u0), [u1] "=&r"(u1), [u2] "=&r"(u2), [v0] "=&r"(v0), [v1] "=&r"(v1), [v2] "=&r"(v2), [a0] "+r"(facts), \
                       [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [p] "=&r"(p), [q] "=&r"(q), [x] "+r"(x), [y] "+r"(y) : : "cc", "memory")

TFC_APART void tfc_plain3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y) {
    const struct tfc_loop loop = tfc_loop_of(k, k->x + 1, tfc_plain_next(k)), *facts = &loop;
    const uint32_t *x = k->x + 1;
    int32_t u0, u1, u2, v0, v1, v2, a1, a2, a3, p, q;
    (void)f;
    TFC_LOOP3X3(TFC_PLAIN_BLOCKS);
}

TFC_APART void tfc_sums3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *y) {
    const struct tfc_loop loop = tfc_loop_of(k, k->x + 1, tfc_sums_next(k)), *facts = &loop;
    const uint32_t *x = k->x + 1;
    int32_t u0, u1, u2, v0, v1, v2, a1, a2, a3, p, q;
    (void)f;
    TFC_LOOP3X3(TFC_SUMS_BLOCKS);
}
#else
/* The sums of a block. */
TFC_INLINE void tfc_block3x3(const struct tfc_conv2d *f, int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    (void)f;
    for (int32_t i = 0; i < 4; i++) a[i] = bias;
    for (int32_t row = 0; row < 4; row++) {
        uint32_t left = x[row], right = x[TFC_COLUMN + row];
        for (int32_t i = 0; i < 2; i++) {
            int32_t ky = row - i;
            if (ky < 0 || ky > 2) continue;
            a[2 * i] = tfc_smlabt(right, w[2 * ky + 1], tfc_smlad(left, w[2 * ky], a[2 * i]));
            a[2 * i + 1] = tfc_smlad(right, w[2 * ky + 1], tfc_smlatb(left, w[2 * ky], a[2 * i + 1]));
        }
    }
}

TFC_APART void tfc_plain3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y) {
    tfc_plain_by_blocks(tfc_block3x3, f, k, y);
}

TFC_APART void tfc_sums3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *y) {
    tfc_sums_by_blocks(tfc_block3x3, f, k, y);
}
#endif
#endif
