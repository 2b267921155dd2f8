/* Loops over a strip: all outputs of four columns, two channels at a time, as functions in assembly that use every register there is.
 * A stream of weights holds for each pair of channels their two starts (bias, with the zero point of x taken off), then what the body of
 * the loop reads. In plain C a body is a function. */
#ifndef TFC_STRIP_LOOP_H
#define TFC_STRIP_LOOP_H

#include "tfc/strip.h"

/* What a loop is given; the first five words are its stack frame. */
struct tfc_pass {
    void *y;                   /* of column 0: int8; or sums [out rounded up to 2][4] */
    const int32_t *multiplier; /* one a channel */
    int32_t step;              /* from column to column of y */
    int32_t zero;
    const void *end;   /* of y: behind the last channel of column 0 */
    const uint32_t *x; /* column 0 in the strip */
};

typedef void tfc_loop(const struct tfc_pass *pass, const void *w);

/* To int8 by the plain ending, and to sums that another one takes further. */
struct tfc_loops {
    tfc_loop *plain, *sums;
};

#if defined(__ARM_FEATURE_DSP)
/* r0 x, r1 w, r4-r7 the sums of the first channel, r8-r11 those of the second; free: r2, r3, r12, lr.
 * On the stack: y, multiplier, step, zero, end, x, a spare word. */
#define TFC_PASS(NAME, BODY, ENDING) \
    __attribute__((naked, noinline, unused)) static void NAME(__attribute__((unused)) const struct tfc_pass *pass, __attribute__((unused)) const void *w) { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n\tldm r0, {r2-r7}\n\tpush {r2-r8}\n" \
            "0:\tldr r0, [sp, #20]\n\tldrd r4, r8, [r1], #8\n\t" \
            "mov r5, r4\n\tmov r9, r8\n\tmov r6, r4\n\tmov r10, r8\n\tmov r7, r4\n\tmov r11, r8\n\t" BODY ENDING \
            "add sp, sp, #28\n\tpop {r4-r11, pc}"); \
    }
#define TFC_PASSES(NAME, BODY) \
    TFC_PASS(NAME##_plain, BODY, TFC_TO_PLAIN) \
    TFC_PASS(NAME##_sums, BODY, TFC_TO_SUMS) \
    static const struct tfc_loops NAME = {NAME##_plain, NAME##_sums};
#define TFC_TO_SUMS \
    "ldr r0, [sp]\n\tldr r2, [sp, #16]\n\tstm r0!, {r4-r11}\n\tstr r0, [sp]\n\tcmp r0, r2\n\tbne 0b\n\t"
/* Eight results to the bytes y[0, 1], y[step] and so on. */
#define TFC_TO_PLAIN \
    "ldm sp, {r0, r2, r3, r12}\n\tldr lr, [r2], #4\n\t" \
    TFC_SCALE4("r4", "r5", "r6", "r7") \
    "ldr lr, [r2], #4\n\t" \
    TFC_SCALE4("r8", "r9", "r10", "r11") \
    "strd r0, r2, [sp]\n\tldr r2, [sp, #16]\n\tcmp r0, r2\n\tbne 0b\n\t"
#define TFC_SCALE4(A0, A1, A2, A3) \
    "smmlar " A0 ", " A0 ", lr, r12\n\t" \
    "smmlar " A1 ", " A1 ", lr, r12\n\t" \
    "smmlar " A2 ", " A2 ", lr, r12\n\tssat " A0 ", #8, " A0 "\n\t" \
    "smmlar " A3 ", " A3 ", lr, r12\n\tssat " A1 ", #8, " A1 "\n\t" \
    "add lr, r0, r3\n\tstrb " A1 ", [r0, r3]\n\t" \
    "ssat " A2 ", #8, " A2 "\n\tstrb " A0 ", [r0], #1\n\t" \
    "ssat " A3 ", #8, " A3 "\n\tstrb " A2 ", [lr, r3]\n\t" \
    "strb " A3 ", [lr, r3, lsl #1]\n\t"
/* A word of weights, in lr, times its columns, of which P holds the first. A line is a cycle: all but the first, which decodes, hold one
 * SMLAD and what may issue beside it. The last lines have room for the loads of the next word; P is free from the line of NEXT0 on. */
#define TFC_WORD(P, Q, COLUMN1, COLUMN2, COLUMN3, NEXT0, NEXT1, NEXT2) \
    "ldr " Q ", " COLUMN1 "\n\tsxtb16 r3, lr\n\t" \
    "smlad r4, " P ", r3, r4\n\t" \
    "smlad r5, " Q ", r3, r5\n\tsxtb16 lr, lr, ror #8\n\t" \
    "smlad r8, " P ", lr, r8\n\tldr " P ", " COLUMN2 "\n\t" \
    "smlad r9, " Q ", lr, r9\n\tldr " Q ", " COLUMN3 "\n\t" \
    "smlad r6, " P ", r3, r6\n\t" \
    "smlad r10, " P ", lr, r10\n\t" NEXT0 "\n\t" \
    "smlad r11, " Q ", lr, r11\n\t" NEXT1 "\n\t" \
    "smlad r7, " Q ", r3, r7\n\t" NEXT2 "\n\t"
/* The same in fewer, longer cycles: LDRD issues alone. COLUMN is where the columns 0 and 1, BEHIND where 2 and 3 are. */
#define TFC_SHORT_WORD(COLUMNS01, COLUMNS23) \
    "ldrd r2, r12, " COLUMNS01 "\n\tsxtb16 r3, lr\n\t" \
    "smlad r4, r2, r3, r4\n\tsxtb16 lr, lr, ror #8\n\t" \
    "smlad r5, r12, r3, r5\n\t" \
    "smlad r8, r2, lr, r8\n\t" \
    "smlad r9, r12, lr, r9\n\t" \
    "ldrd r2, r12, " COLUMNS23 "\n\t" \
    "smlad r6, r2, r3, r6\n\t" \
    "smlad r10, r2, lr, r10\n\t" \
    "smlad r11, r12, lr, r11\n\t" \
    "smlad r7, r12, r3, r7\n\t"
#else
/* Adds the products of a pair of channels to sums[2][4]; returns the weights of the next pair. */
typedef const int8_t *tfc_body(int32_t *sums, const uint32_t *x, const int8_t *w);

/* sums[2][4] += a word of weights x its columns. */
TFC_INLINE void tfc_word(int32_t *sums, const uint32_t *x, const int8_t *w) {
    uint32_t word = tfc_load(w), first = tfc_sxtb16(word), second = tfc_sxtb16_8(word);
    for (int32_t p = 0; p < 4; p++) {
        sums[p] = tfc_smlad(x[p], first, sums[p]);
        sums[4 + p] = tfc_smlad(x[p], second, sums[4 + p]);
    }
}

TFC_INLINE const int8_t *tfc_pair(tfc_body *body, int32_t *sums, const uint32_t *x, const int8_t *w) {
    int32_t starts[2];
    __builtin_memcpy(starts, w, sizeof starts);
    for (int32_t p = 0; p < 4; p++) sums[p] = starts[0], sums[4 + p] = starts[1];
    return body(sums, x, w + sizeof starts);
}

TFC_INLINE void tfc_pass_to_sums(tfc_body *body, const struct tfc_pass *pass, const void *w) {
    for (int32_t *sums = pass->y; sums != pass->end; sums += 8) w = tfc_pair(body, sums, pass->x, w);
}

TFC_INLINE void tfc_pass_to_plain(tfc_body *body, const struct tfc_pass *pass, const void *w) {
    const int32_t *m = pass->multiplier;
    for (int8_t *y = pass->y; y != pass->end; y += 2, m += 2) {
        int32_t sums[8];
        w = tfc_pair(body, sums, pass->x, w);
        for (int32_t i = 0; i < 8; i++) y[(i & 3) * pass->step + (i >> 2)] = (int8_t)tfc_ssat8(tfc_smmlar(sums[i], m[i >> 2], pass->zero));
    }
}

#define TFC_PASSES(NAME, BODY) \
    TFC_APART void NAME##_plain(const struct tfc_pass *pass, const void *w) { \
        tfc_pass_to_plain(BODY, pass, w); \
    } \
    TFC_APART void NAME##_sums(const struct tfc_pass *pass, const void *w) { \
        tfc_pass_to_sums(BODY, pass, w); \
    } \
    static const struct tfc_loops NAME = {NAME##_plain, NAME##_sums};
#endif
#endif
