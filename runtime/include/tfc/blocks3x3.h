/* Blocks of 2 x 2 sums of a 3 x 3 window of stride 1, whose nine weights stay in six registers: (w0, w1) and (w1, w2) of each row. */
#ifndef TFC_BLOCKS3X3_H
#define TFC_BLOCKS3X3_H

#include "tfc/depthwise.h"

#if defined(__ARM_FEATURE_DSP)
/* What a loop reads again and again lies on the stack, as many words as tfc_loop3x3 has; the first line is popped at its end. */
struct tfc_loop3x3 {
    int32_t right, below, m, zero, bias, end, x_back, y_next, last, unused;
    uint32_t w[6];
};

TFC_INLINE struct tfc_loop3x3 tfc_loop3x3_of(const struct tfc_blocks *k, int32_t y_next) {
    int32_t x = (int32_t)(uintptr_t)(k->x + 1), bytes = 8 * k->blocks, column = 4 * TFC_COLUMN;
    return (struct tfc_loop3x3){k->right, k->below, k->m, k->zero, k->bias, x + bytes, column - bytes, y_next,
                                x + bytes + k->stripes * column, 0, {k->w[0], k->w[1], k->w[2], k->w[3], k->w[4], k->w[5]}};
}

/* a0 is the loop's facts at first. */
#define TFC_BEGIN3X3 \
    "ldrd %[p], %[q], [%[a0], #32]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #24]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0], #16]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #8]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0]]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[u0], %[v0], [%[a0], #40]\n\tldrd %[u1], %[v1], [%[a0], #48]\n\tldrd %[u2], %[v2], [%[a0], #56]\n\t" \
    "ldr %[a1], [sp, #20]\n"
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
#define TFC_BIAS3X3 "ldr %[a3], [sp, #16]\n\t"
/* The results of a block, right before left: a column that does not exist is overwritten. Then the first row of the next block, at these
 * offsets, and the bias. The other arguments say when to load it, and whether the stripe ends. */
#define TFC_PLAIN3X3(ROW0, RIGHT0, END, NEXT, LAST) \
    "smlabt %[a2], %[q], %[v2], %[a2]\n\tldr %[p], [sp, #8]\n\t" \
    "smlad %[a3], %[q], %[v2], %[a3]\n\tldr %[q], [sp, #12]\n\t" \
    "smmlar %[a0], %[a0], %[p], %[q]\n\t" \
    "smmlar %[a1], %[a1], %[p], %[q]\n\t" \
    "smmlar %[a2], %[a2], %[p], %[q]\n\tssat %[a0], #8, %[a0]\n\t" \
    "smmlar %[a3], %[a3], %[p], %[q]\n\tldr %[p], [sp]\n\t" \
    "ssat %[a1], #8, %[a1]\n\tldr %[q], [sp, #4]\n\t" \
    "ssat %[a2], #8, %[a2]\n\tstrb %[a1], [%[y], %[p]]\n\t" \
    "ssat %[a3], #8, %[a3]\n\tstrb %[a0], [%[y]]\n\t" \
    "add %[p], %[p], %[q]\n\t" END \
    "strb %[a3], [%[y], %[p]]\n\t" NEXT \
    "strb %[a2], [%[y], %[q]]\n\tldr %[p], [%[x], " ROW0 "]\n\t" \
    "add %[y], %[y], %[q], lsl #1\n\tldr %[q], [%[x], " RIGHT0 "]\n\t" LAST
#define TFC_SUMS3X3(ROW0, RIGHT0, END, NEXT, LAST) \
    "smlabt %[a2], %[q], %[v2], %[a2]\n\tldr %[p], [%[x], " ROW0 "]\n\t" \
    "smlad %[a3], %[q], %[v2], %[a3]\n\tldr %[q], [%[x], " RIGHT0 "]\n\t" \
    "strd %[a1], %[a3], [%[y], #136]\n\tstrd %[a0], %[a2], [%[y]], #8\n\t" END NEXT LAST
#define TFC_NEXT_STRIPE3X3 \
    "ldrd %[p], %[q], [sp, #24]\n\tadd %[a1], %[a1], #544\n\tldr %[a0], [sp, #32]\n\tstr %[a1], [sp, #20]\n\t" \
    "add %[x], %[x], %[p]\n\tadd %[y], %[y], %[q]\n\tcmp %[a1], %[a0]\n\tbne 1b\n\tadd sp, sp, #40"
#define TFC_LOOP3X3(ENDING) \
    __asm__ volatile(TFC_BEGIN3X3 TFC_STRIPE3X3 "2:\t" TFC_FIRST3X3 ENDING("#4", "#548", "", TFC_BIAS3X3, "") "\n3:\t" \
                     TFC_SECOND3X3 ENDING("#-4", "#540", "ldr %[a1], [sp, #20]\n\t", "cmp %[x], %[a1]\n\t", TFC_BIAS3X3) "bne 2b\n\t" TFC_NEXT_STRIPE3X3 \
                     : [u0] "=&r"(u0), [u1] "=&r"(u1), [u2] "=&r"(u2), [v0] "=&r"(v0), [v1] "=&r"(v1), [v2] "=&r"(v2), [a0] "+r"(facts), \
                       [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [p] "=&r"(p), [q] "=&r"(q), [x] "+r"(x), [y] "+r"(y) : : "cc", "memory")

TFC_APART void tfc_plain3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y) {
    const struct tfc_loop3x3 loop = tfc_loop3x3_of(k, k->next - 2 * k->blocks * k->below), *facts = &loop;
    const uint32_t *x = k->x + 1;
    int32_t u0, u1, u2, v0, v1, v2, a1, a2, a3, p, q;
    (void)f;
    TFC_LOOP3X3(TFC_PLAIN3X3);
}

TFC_APART void tfc_sums3x3(const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *y) {
    const struct tfc_loop3x3 loop = tfc_loop3x3_of(k, 4 * (2 * TFC_ROWS - 2 * k->blocks)), *facts = &loop;
    const uint32_t *x = k->x + 1;
    int32_t u0, u1, u2, v0, v1, v2, a1, a2, a3, p, q;
    (void)f;
    TFC_LOOP3X3(TFC_SUMS3X3);
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
