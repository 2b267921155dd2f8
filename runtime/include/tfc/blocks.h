/* How loops over blocks of 2 x 2 sums end a block and go from stripe to stripe, and what they keep on the stack meanwhile: their
 * blocks take all registers. */
#ifndef TFC_BLOCKS_H
#define TFC_BLOCKS_H

#include "tfc/depthwise.h"

#if defined(__ARM_FEATURE_DSP)
/* The first ten words go to the stack, in this order. x is compared with `end`, where a stripe ends; `last` is the last of these. */
struct tfc_loop {
    int32_t right, below, m, zero, bias, end, x_back, y_next, last, unused;
    const uint32_t *w;
};

TFC_INLINE struct tfc_loop tfc_loop_of(const struct tfc_blocks *k, const uint32_t *first, int32_t y_next, int32_t stride) {
    int32_t x = (int32_t)(uintptr_t)first, bytes = 8 * stride * k->blocks, column = 4 * TFC_COLUMN * stride;
    return (struct tfc_loop){k->right, k->below, k->m, k->zero, k->bias, x + bytes, column - bytes, y_next, x + bytes + k->stripes * column, 0, k->w};
}

TFC_INLINE int32_t tfc_plain_next(const struct tfc_blocks *k) {
    return k->next - 2 * k->blocks * k->below;
}

TFC_INLINE int32_t tfc_sums_next(const struct tfc_blocks *k) {
    return 4 * (2 * TFC_ROWS - 2 * k->blocks);
}

/* a0 are the facts of the loop, a1 becomes the end of the first stripe. */
#define TFC_BEGIN_BLOCKS \
    "ldrd %[p], %[q], [%[a0], #32]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #24]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0], #16]\n\tmov %[a1], %[q]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #8]\n\t" \
    "strd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0]]\n\tstrd %[p], %[q], [sp, #-8]!\n\t"
#define TFC_BIAS_BLOCKS "ldr %[a3], [sp, #16]\n\t"
/* The results of a block, right before left: a column that does not exist is overwritten. Its last two MACs and the words that p and q
 * shall hold for the next block are arguments, as is what else may issue, when to load the bias, and how to tell the end of a stripe. */
#define TFC_PLAIN_BLOCKS(MAC2, MAC3, P, Q, FREE0, FREE1, END, NEXT, LAST) \
    MAC2 "ldr %[p], [sp, #8]\n\t" \
    MAC3 "ldr %[q], [sp, #12]\n\t" \
    "smmlar %[a0], %[a0], %[p], %[q]\n\t" FREE0 \
    "smmlar %[a1], %[a1], %[p], %[q]\n\t" FREE1 \
    "smmlar %[a2], %[a2], %[p], %[q]\n\tssat %[a0], #8, %[a0]\n\t" \
    "smmlar %[a3], %[a3], %[p], %[q]\n\tldr %[p], [sp]\n\t" \
    "ssat %[a1], #8, %[a1]\n\tldr %[q], [sp, #4]\n\t" \
    "ssat %[a2], #8, %[a2]\n\tstrb %[a1], [%[y], %[p]]\n\t" \
    "ssat %[a3], #8, %[a3]\n\tstrb %[a0], [%[y]]\n\t" \
    "add %[p], %[p], %[q]\n\t" END \
    "strb %[a3], [%[y], %[p]]\n\t" NEXT \
    "strb %[a2], [%[y], %[q]]\n\tldr %[p], " P "\n\t" \
    "add %[y], %[y], %[q], lsl #1\n\tldr %[q], " Q "\n\t" LAST
#define TFC_SUMS_BLOCKS(MAC2, MAC3, P, Q, FREE0, FREE1, END, NEXT, LAST) \
    MAC2 "ldr %[p], " P "\n\t" \
    MAC3 "ldr %[q], " Q "\n\t" FREE0 FREE1 \
    "strd %[a1], %[a3], [%[y], #136]\n\tstrd %[a0], %[a2], [%[y]], #8\n\t" END NEXT LAST
/* COLUMNS: the bytes from stripe to stripe. */
#define TFC_NEXT_STRIPE(COLUMNS) \
    "ldrd %[p], %[q], [sp, #24]\n\tadd %[a1], %[a1], #" COLUMNS "\n\tldr %[a0], [sp, #32]\n\tstr %[a1], [sp, #20]\n\t" \
    "add %[x], %[x], %[p]\n\tadd %[y], %[y], %[q]\n\tcmp %[a1], %[a0]\n\tbne 1b\n\tadd sp, sp, #40"
#endif
#endif
