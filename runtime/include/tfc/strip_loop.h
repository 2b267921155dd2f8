/* Loops over a strip: all outputs of fours of columns, two channels at a time, as functions in assembly that use every register there is.
 * A stream of weights holds for each pair of channels their two starts (bias, with the zero point of x taken off), then what the body of
 * the loop reads. A loop comes in kinds, after what it does to its sums. In plain C a body is a function. */
#ifndef TFC_STRIP_LOOP_H
#define TFC_STRIP_LOOP_H

#include "tfc/options.h"
#include "tfc/strip.h"

enum { TFC_FRACTION = 12 }; /* of sums that take a residual, here */

/* Adds the products of a pair of channels to its sums, [2][4] or of one column [2]; returns the weights of the next pair. */
typedef const int8_t *tfc_body(int32_t *sums, const uint32_t *x, const int8_t *w);

enum tfc_kind_of_pass { TFC_PASS_SUMS, TFC_PASS_PLAIN, TFC_PASS_TABLE, TFC_PASS_RESIDUAL, TFC_PASS_RESIDUAL_TABLE };

/* One result; y is where it goes. */
TFC_INLINE int8_t tfc_passed(const struct tfc_pass *pass, enum tfc_kind_of_pass kind, int32_t sum, int32_t m, const int8_t *y) {
    int32_t v = tfc_smmlar(kind >= TFC_PASS_RESIDUAL ? tfc_shl(sum, pass->shift) : sum, m, pass->zero);
    if (kind >= TFC_PASS_RESIDUAL) v = tfc_mla(y[pass->distance], pass->residual, v) >> TFC_FRACTION;
    return kind == TFC_PASS_TABLE || kind == TFC_PASS_RESIDUAL_TABLE ? pass->table[tfc_usat10(v)] : (int8_t)tfc_ssat8(v);
}

/* What a pass over one column does to sums that it ends. */
TFC_INLINE enum tfc_kind_of_pass tfc_kind_of(const struct tfc_pass *pass) {
    return TFC_PASS_PLAIN + (pass->table ? 1 : 0) + (pass->residual ? 2 : 0);
}

/* One column: results, or with a step of 0 its sums. */
TFC_INLINE void tfc_one_column(tfc_body *body, const struct tfc_pass *pass, const int8_t *w) {
    enum tfc_kind_of_pass kind = tfc_kind_of(pass);
    int32_t *to = pass->columns->y, sums[2];
    int8_t *y = pass->columns->y;
    for (const int32_t *m = pass->multiplier; m != pass->end; m += 2) {
        __builtin_memcpy(sums, w, sizeof sums);
        w = body(sums, pass->columns->x, w + sizeof sums);
        if (pass->step == 0) {
            *to++ = sums[0], *to++ = sums[1];
        } else {
            y[0] = tfc_passed(pass, kind, sums[0], m[0], y);
            y[1] = tfc_passed(pass, kind, sums[1], m[1], y + 1);
            y += 2;
        }
    }
}

#if defined(__ARM_FEATURE_DSP)
/* r0 x, r1 w, r4-r7 the sums of the first channel, r8-r11 those of the second; free: r2, r3, r12, lr. On the stack: how the
 * sums of the pair start, the pass (32), the weights of the pair (68), those of the next (72), the first columns (76), a spare word (80). */
#define TFC_PASS(NAME, BODY, ENDING) \
    __attribute__((naked)) void NAME(__attribute__((unused)) const struct tfc_pass *pass, __attribute__((unused)) const void *w) { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n\tsub sp, sp, #84\n\tldm r0, {r2-r10}\n\tadd r0, sp, #32\n\tstm r0, {r2-r10}\n\tstr r5, [sp, #76]\n\tldr r0, [r5]\n" \
            "7:\tldrd r4, r8, [r1], #8\n\t" \
            "mov r5, r4\n\tmov r9, r8\n\tmov r6, r4\n\tmov r10, r8\n\tmov r7, r4\n\tmov r11, r8\n\t" \
            "str r1, [sp, #68]\n\tstm sp, {r4-r11}\n\tb 6f\n" \
            "8:\tldm sp, {r4-r11}\n6:\t" BODY \
            "str r1, [sp, #72]\n\tldrd r0, r2, [sp, #32]\n\tldrd r3, r12, [sp, #40]\n\tldr r1, [r12, #4]\n\t" ENDING \
            "str r1, [r12, #4]\n\tldr r0, [r12, #8]!\n\tldr r1, [sp, #68]\n\tstr r12, [sp, #44]\n\tcmp r0, #0\n\tbne 8b\n\t" \
            "ldr r12, [sp, #76]\n\tldr r2, [sp, #32]\n\tldr r3, [sp, #48]\n\tldr r0, [r12]\n\tadds r2, #8\n\tstr r12, [sp, #44]\n\t" \
            "str r2, [sp, #32]\n\tldr r1, [sp, #72]\n\tcmp r2, r3\n\tbne 7b\n\t" \
            "add sp, sp, #84\n\tpop {r4-r11, pc}"); \
    }
#define TFC_PASSES(NAME, BODY) \
    TFC_PASS(NAME##_sums, BODY, TFC_TO_SUMS) \
    TFC_PASS(NAME##_plain, BODY, TFC_TO_PLAIN) \
    TFC_PASS(NAME##_table, BODY, TFC_TO_TABLE) \
    TFC_PASS(NAME##_residual, BODY, TFC_TO_RESIDUAL) \
    TFC_PASS(NAME##_residual_table, BODY, TFC_TO_RESIDUAL_TABLE)
/* Endings find the multipliers in r0, y in r1, the step in r2, zero in r3, the columns in r12; they advance y and may use lr. */
#define TFC_TO_SUMS "stm r1!, {r4-r11}\n\t"
#define TFC_TO_PLAIN TFC_BOTH_CHANNELS(TFC_CUT)
#define TFC_TO_TABLE "ldr r12, [sp, #60]\n\t" TFC_BOTH_CHANNELS(TFC_LOOK_UP) "ldr r12, [sp, #44]\n\t"
#define TFC_BOTH_CHANNELS(END) \
    "ldr lr, [r0]\n\t" TFC_SCALE_STORE4("r4", "r5", "r6", "r7", END) "ldr lr, [r0, #4]\n\t" TFC_SCALE_STORE4("r8", "r9", "r10", "r11", END)
#define TFC_SCALE_STORE4(A0, A1, A2, A3, END) \
    TFC_SCALE(A0) TFC_SCALE(A1) TFC_SCALE(A2) END(A0, "") TFC_SCALE(A3) END(A1, "") "add lr, r1, r2\n\tstrb " A1 ", [r1, r2]\n\t" \
    END(A2, "") "strb " A0 ", [r1], #1\n\t" END(A3, "") "strb " A2 ", [lr, r2]\n\tstrb " A3 ", [lr, r2, lsl #1]\n\t"
#define TFC_TO_RESIDUAL \
    TFC_ADD_RESIDUAL TFC_STORE4("r4", "r5", "r6", "r7", TFC_CUT, ", asr #12") TFC_STORE4("r8", "r9", "r10", "r11", TFC_CUT, ", asr #12") \
    "ldr r12, [sp, #44]\n\t"
#define TFC_TO_RESIDUAL_TABLE \
    TFC_ADD_RESIDUAL "ldr r12, [sp, #60]\n\t" \
    TFC_STORE4("r4", "r5", "r6", "r7", TFC_LOOK_UP, ", asr #12") TFC_STORE4("r8", "r9", "r10", "r11", TFC_LOOK_UP, ", asr #12") \
    "ldr r12, [sp, #44]\n\t"
#define TFC_SCALE(A) "smmlar " A ", " A ", lr, r3\n\t"
#define TFC_SHIFT(A) "lsl " A ", " A ", r12\n\t"
#define TFC_CUT(A, SHIFT) "ssat " A ", #8, " A SHIFT "\n\t"
#define TFC_LOOK_UP(A, SHIFT) "usat " A ", #10, " A SHIFT "\n\tldrb " A ", [r12, " A "]\n\t"
/* One channel of four columns. */
#define TFC_STORE4(A0, A1, A2, A3, END, SHIFT) \
    END(A0, SHIFT) "add lr, r1, r2\n\t" END(A1, SHIFT) END(A2, SHIFT) "strb " A1 ", [r1, r2]\n\t" \
    END(A3, SHIFT) "strb " A0 ", [r1], #1\n\tstrb " A2 ", [lr, r2]\n\tstrb " A3 ", [lr, r2, lsl #1]\n\t"
/* Both channels; the residual of a result is as far from it as that of any other. */
#define TFC_ADD_RESIDUAL \
    "ldr r12, [sp, #64]\n\t" TFC_SHIFT("r4") TFC_SHIFT("r5") TFC_SHIFT("r6") TFC_SHIFT("r7") TFC_SHIFT("r8") TFC_SHIFT("r9") TFC_SHIFT("r10") TFC_SHIFT("r11") \
    "ldr lr, [r0]\n\t" TFC_SCALE("r4") TFC_SCALE("r5") TFC_SCALE("r6") TFC_SCALE("r7") \
    "ldr lr, [r0, #4]\n\t" TFC_SCALE("r8") TFC_SCALE("r9") TFC_SCALE("r10") TFC_SCALE("r11") \
    "ldrd r3, r0, [sp, #52]\n\tadds r0, r0, r1\n\t" \
    "ldrsb lr, [r0]\n\tldrsb r12, [r0, r2]\n\tadds r0, #1\n\t" \
    "mla r4, lr, r3, r4\n\tldrsb lr, [r0]\n\tmla r5, r12, r3, r5\n\tldrsb r12, [r0, r2]\n\tadd r0, r0, r2, lsl #1\n\t" \
    "mla r8, lr, r3, r8\n\tldrsb lr, [r0]\n\tmla r9, r12, r3, r9\n\tldrsb r12, [r0, r2]\n\tsubs r0, #1\n\t" \
    "mla r10, lr, r3, r10\n\tldrsb lr, [r0]\n\tmla r11, r12, r3, r11\n\tldrsb r12, [r0, r2]\n\t" \
    "mla r6, lr, r3, r6\n\tmla r7, r12, r3, r7\n\t"
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

TFC_INLINE void tfc_run_pass(tfc_body *body, const struct tfc_pass *pass, enum tfc_kind_of_pass kind, const int8_t *w) {
    for (const int32_t *m = pass->multiplier; m != pass->end; m += 2) {
        const int8_t *next = w;
        for (struct tfc_columns *at = pass->columns; at->x; at++) {
            int32_t sums[8];
            next = tfc_pair(body, sums, at->x, w);
            for (int32_t i = 0; i < 8; i++) {
                int8_t *y = (int8_t *)at->y + (i & 3) * pass->step + (i >> 2);
                if (kind == TFC_PASS_SUMS) ((int32_t *)at->y)[i] = sums[i];
                else *y = tfc_passed(pass, kind, sums[i], m[i >> 2], y);
            }
            at->y = (int8_t *)at->y + (kind == TFC_PASS_SUMS ? sizeof sums : 2);
        }
        w = next;
    }
}

#define TFC_PASS(NAME, BODY, KIND) \
    void NAME(const struct tfc_pass *pass, const void *w) { \
        tfc_run_pass(BODY, pass, KIND, w); \
    }
#define TFC_PASSES(NAME, BODY) \
    TFC_PASS(NAME##_sums, BODY, TFC_PASS_SUMS) \
    TFC_PASS(NAME##_plain, BODY, TFC_PASS_PLAIN) \
    TFC_PASS(NAME##_table, BODY, TFC_PASS_TABLE) \
    TFC_PASS(NAME##_residual, BODY, TFC_PASS_RESIDUAL) \
    TFC_PASS(NAME##_residual_table, BODY, TFC_PASS_RESIDUAL_TABLE)
#endif
#endif
