/* How loops over blocks of 2 x 2 sums end a block and go from stripe to stripe, and what they keep on the stack meanwhile: their
 * blocks take all registers. */
#ifndef TFC_BLOCKS_H
#define TFC_BLOCKS_H

#include "tfc/depthwise.h"

#if defined(__ARM_FEATURE_DSP)
/* To the stack: right, below, multiplier, zero, bias, end, x_back, y_next, last, table. a0 are the blocks, w comes in a1, which then becomes the
 * end of the first stripe. Where the last block of a stripe compares x with `end` they are equal; `last` is behind the last of these. */
#define TFC_BEGIN_BLOCKS(WEIGHTS) \
    "ldrd %[p], %[q], [%[a0], #24]\n\tadd %[p], %[p], %[x]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #16]\n\t" \
    "strd %[p], %[q], [sp, #-8]!\n\tldr %[p], [%[a1], #4]\n\tldr %[q], [%[a0], #12]\n\tadd %[q], %[q], %[x]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldr %[p], [%[a1]]\n\tldr %[q], [%[a0], #8]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0]]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    WEIGHTS "ldr %[a1], [sp, #20]\n\t"
/* Of a block that may be the last one of its stripe, beside its first MACs: a2 is free, and nothing else changes flags. */
#define TFC_LOAD_END "ldr %[a2], [sp, #20]\n\t"
#define TFC_COMPARE_END "cmp %[x], %[a2]\n\t"
/* The results of a block, right before left: a column that does not exist is overwritten. Its last two MACs and the words that p and q
 * shall hold for the next block are arguments, as is what else may issue. At the end a3 holds the bias again, and flags are as before. */
#define TFC_SCALE_BLOCKS(MAC2, MAC3, FREE0, FREE1) \
    MAC2 "ldr %[p], [sp, #8]\n\t" \
    MAC3 "ldr %[q], [sp, #12]\n\t" \
    "smmlar %[a1], %[a1], %[p], %[q]\n\t" FREE0 \
    "smmlar %[a0], %[a0], %[p], %[q]\n\t" FREE1 \
    "smmlar %[a3], %[a3], %[p], %[q]\n\t"
#define TFC_BLOCKS_PLAIN(MAC2, MAC3, P, Q, FREE0, FREE1) \
    TFC_SCALE_BLOCKS(MAC2, MAC3, FREE0, FREE1) "ssat %[a1], #8, %[a1]\n\t" \
    "smmlar %[a2], %[a2], %[p], %[q]\n\tldr %[p], [sp]\n\t" \
    "ssat %[a3], #8, %[a3]\n\tldr %[q], [sp, #4]\n\t" \
    "ssat %[a0], #8, %[a0]\n\tstrb %[a1], [%[y], %[p]]\n\t" \
    "add %[a1], %[p], %[q]\n\tstrb %[a0], [%[y]]\n\t" \
    "ssat %[a2], #8, %[a2]\n\tstrb %[a3], [%[y], %[a1]]\n\t" \
    "strb %[a2], [%[y], %[q]]\n\tldr %[p], " P "\n\t" \
    "add %[y], %[y], %[q], lsl #1\n\tldr %[a3], [sp, #16]\n\t" \
    "ldr %[q], " Q "\n\t"
#define TFC_BLOCKS_TABLE(MAC2, MAC3, P, Q, FREE0, FREE1) \
    TFC_SCALE_BLOCKS(MAC2, MAC3, FREE0, FREE1) "usat %[a1], #10, %[a1]\n\t" \
    "smmlar %[a2], %[a2], %[p], %[q]\n\tldr %[p], [sp, #36]\n\t" \
    "usat %[a0], #10, %[a0]\n\tldr %[q], [sp]\n\t" \
    "usat %[a3], #10, %[a3]\n\tldrb %[a1], [%[p], %[a1]]\n\t" \
    "usat %[a2], #10, %[a2]\n\tldrb %[a0], [%[p], %[a0]]\n\t" \
    "strb %[a1], [%[y], %[q]]\n\tldrb %[a3], [%[p], %[a3]]\n\t" \
    "ldrb %[a2], [%[p], %[a2]]\n\tldr %[a1], [sp, #4]\n\t" \
    "strb %[a0], [%[y]]\n\tldr %[p], " P "\n\t" \
    "add %[q], %[q], %[a1]\n\t" \
    "strb %[a3], [%[y], %[q]]\n\tldr %[a3], [sp, #16]\n\t" \
    "strb %[a2], [%[y], %[a1]]\n\tadd %[y], %[y], %[a1], lsl #1\n\t" \
    "ldr %[q], " Q "\n\t"
#define TFC_BLOCKS_SUMS(MAC2, MAC3, P, Q, FREE0, FREE1) \
    MAC2 "ldr %[p], " P "\n\t" \
    MAC3 "ldr %[q], " Q "\n\t" FREE0 FREE1 \
    "strd %[a1], %[a3], [%[y], #136]\n\tstrd %[a0], %[a2], [%[y]], #8\n\tldr %[a3], [sp, #16]\n\t"
/* COLUMNS: the bytes from stripe to stripe. */
#define TFC_NEXT_STRIPE(COLUMNS) \
    "ldrd %[a1], %[p], [sp, #20]\n\tldrd %[q], %[a0], [sp, #28]\n\tadd %[a1], %[a1], #" COLUMNS "\n\tadd %[x], %[x], %[p]\n\t" \
    "str %[a1], [sp, #20]\n\tadd %[y], %[y], %[q]\n\tcmp %[a1], %[a0]\n\tbne 1b\n\tadd sp, sp, #40"
#endif
#endif
