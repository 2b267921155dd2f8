/* Loops over a strip that compute one output channel of eight columns at a time, as strip_loop.h has them for two channels of four. A stream of
 * weights holds for each channel the start of its sums, then what the body reads. */
#ifndef TFC_STRIP_LOOP8_H
#define TFC_STRIP_LOOP8_H

#include "tfc/strip_loop.h"

#if defined(__ARM_FEATURE_DSP)
/* r0 x, r1 w, r4-r11 the sums; free: r2, r3, r12, lr. On the stack, where other loops have them: the pass (32), the weights of the channel
 * (68), those of the next (72), the first columns (76). START sets the sums. */
#define TFC_PASS8(NAME, START, BODY, ENDING) \
    __attribute__((naked)) void NAME(__attribute__((unused)) const struct tfc_pass *pass, __attribute__((unused)) const void *w) { \
        __asm__ volatile( \
            "push {r4-r11, lr}\n\tsub sp, sp, #84\n\tldm r0, {r2-r10}\n\tadd r0, sp, #32\n\tstm r0, {r2-r10}\n\tstr r5, [sp, #76]\n\tldr r0, [r5]\n\t" \
            "str r1, [sp, #68]\n" \
            "7:\t" START BODY \
            "str r1, [sp, #72]\n\tldr r12, [sp, #44]\n\tldrd r0, r2, [sp, #32]\n\tldr r1, [r12, #4]\n\tldr r3, [sp, #40]\n\t" ENDING \
            "str r1, [r12, #4]\n\tldr r0, [r12, #8]!\n\tldr r1, [sp, #68]\n\tstr r12, [sp, #44]\n\tcmp r0, #0\n\tbne 7b\n\t" \
            "ldr r12, [sp, #76]\n\tldr r2, [sp, #32]\n\tldr r3, [sp, #48]\n\tldr r1, [sp, #72]\n\tldr r0, [r12]\n\tadds r2, #4\n\tstr r12, [sp, #44]\n\t" \
            "str r2, [sp, #32]\n\tstr r1, [sp, #68]\n\tcmp r2, r3\n\tbne 7b\n\t" \
            "add sp, sp, #84\n\tpop {r4-r11, pc}"); \
    }
#define TFC_PASSES8(NAME, START, BODY) \
    TFC_PASS8(NAME##_sums, START, BODY, TFC_TO_SUMS) \
    TFC_PASS8(NAME##_plain, START, BODY, TFC_TO_PLAIN8) \
    TFC_PASS8(NAME##_table, START, BODY, TFC_TO_TABLE8) \
    TFC_PASS8(NAME##_residual, START, BODY, TFC_TO_RESIDUAL8) \
    TFC_PASS8(NAME##_residual_table, START, BODY, TFC_TO_RESIDUAL_TABLE8)
/* w is then at the weights of the first group. */
#define TFC_START8 \
    "ldr r4, [r1], #8\n\tmov r5, r4\n\tmov r6, r4\n\tmov r7, r4\n\tmov r8, r4\n\tmov r9, r4\n\tmov r10, r4\n\tmov r11, r4\n\t"
/* Endings, as in strip_loop.h. */
#define TFC_TO_PLAIN8 TFC_SCALE_STORE8(TFC_CUT)
#define TFC_TO_TABLE8 "ldr r12, [sp, #60]\n\t" TFC_SCALE_STORE8(TFC_LOOK_UP) "ldr r12, [sp, #44]\n\t"
#define TFC_TO_RESIDUAL8 TFC_ADD_RESIDUAL8 TFC_STORE8(TFC_CUT) "ldr r12, [sp, #44]\n\t"
#define TFC_TO_RESIDUAL_TABLE8 TFC_ADD_RESIDUAL8 "ldr r12, [sp, #60]\n\t" TFC_STORE8(TFC_LOOK_UP) "ldr r12, [sp, #44]\n\t"
/* r0 becomes the place of the fifth result, r3 three steps. */
#define TFC_SCALE_STORE8(END) \
    "ldr lr, [r0]\n\tadd r0, r1, r2, lsl #2\n\t" \
    TFC_SCALE("r4") TFC_SCALE("r5") TFC_SCALE("r6") END("r4", "") TFC_SCALE("r7") END("r5", "") TFC_SCALE("r8") END("r6", "") \
    TFC_SCALE("r9") END("r7", "") TFC_SCALE("r10") END("r8", "") TFC_SCALE("r11") END("r9", "") \
    "strb r5, [r1, r2]\n\t" END("r10", "") "strb r6, [r1, r2, lsl #1]\n\tadd r3, r2, r2, lsl #1\n\tstrb r8, [r0]\n\t" END("r11", "") TFC_LAST_STORES8
#define TFC_STORE8(END) \
    "add r0, r1, r2, lsl #2\n\tadd r3, r2, r2, lsl #1\n\t" \
    END("r5", ", asr #12") END("r6", ", asr #12") "strb r5, [r1, r2]\n\t" END("r8", ", asr #12") "strb r6, [r1, r2, lsl #1]\n\t" \
    END("r7", ", asr #12") "strb r8, [r0]\n\t" END("r4", ", asr #12") END("r9", ", asr #12") END("r10", ", asr #12") END("r11", ", asr #12") TFC_LAST_STORES8
#define TFC_LAST_STORES8 \
    "strb r7, [r1, r3]\n\tstrb r9, [r0, r2]\n\tstrb r10, [r0, r2, lsl #1]\n\tstrb r11, [r0, r3]\n\tstrb r4, [r1], #1\n\t"
#define TFC_ADD_RESIDUAL8 \
    "ldr r12, [sp, #64]\n\tldr lr, [r0]\n\t" \
    TFC_SHIFT("r4") TFC_SHIFT("r5") TFC_SCALE("r4") TFC_SHIFT("r6") TFC_SCALE("r5") TFC_SHIFT("r7") TFC_SCALE("r6") TFC_SHIFT("r8") \
    TFC_SCALE("r7") TFC_SHIFT("r9") TFC_SCALE("r8") TFC_SHIFT("r10") TFC_SCALE("r9") TFC_SHIFT("r11") TFC_SCALE("r10") TFC_SCALE("r11") \
    "ldrd r3, r0, [sp, #52]\n\tadds r0, r0, r1\n\t" \
    "ldrsb lr, [r0]\n\tldrsb r12, [r0, r2]\n\tadd r0, r0, r2, lsl #1\n\t" \
    "mla r4, lr, r3, r4\n\tldrsb lr, [r0]\n\tmla r5, r12, r3, r5\n\tldrsb r12, [r0, r2]\n\tadd r0, r0, r2, lsl #1\n\t" \
    "mla r6, lr, r3, r6\n\tldrsb lr, [r0]\n\tmla r7, r12, r3, r7\n\tldrsb r12, [r0, r2]\n\tadd r0, r0, r2, lsl #1\n\t" \
    "mla r8, lr, r3, r8\n\tldrsb lr, [r0]\n\tmla r9, r12, r3, r9\n\tldrsb r12, [r0, r2]\n\t" \
    "mla r10, lr, r3, r10\n\tmla r11, r12, r3, r11\n\t"
/* The products of a pair of weights, in W, with eight columns: the first two are in r2 and r12, the others at C2 to C7. NEXT0 and NEXT1 issue
 * beside the last two. A line is a cycle. */
#define TFC_EIGHT(W, C2, C3, C4, C5, C6, C7, NEXT0, NEXT1) \
    "smlad r4, r2, " W ", r4\n\tldr r2, " C2 "\n\t" \
    "smlad r5, r12, " W ", r5\n\tldr r12, " C3 "\n\t" \
    "smlad r6, r2, " W ", r6\n\tldr r2, " C4 "\n\t" \
    "smlad r7, r12, " W ", r7\n\tldr r12, " C5 "\n\t" \
    "smlad r8, r2, " W ", r8\n\tldr r2, " C6 "\n\t" \
    "smlad r9, r12, " W ", r9\n\tldr r12, " C7 "\n\t" \
    "smlad r10, r2, " W ", r10\n\t" NEXT0 "\n\t" \
    "smlad r11, r12, " W ", r11\n\t" NEXT1 "\n\t"
#else
TFC_INLINE void tfc_run_pass8(tfc_body *body, const struct tfc_pass *pass, enum tfc_kind_of_pass kind, const int8_t *w) {
    for (const int32_t *m = pass->multiplier; m != pass->end; m++) {
        const int8_t *next = w;
        for (struct tfc_columns *at = pass->columns; at->x; at++) {
            int32_t sums[8];
            next = body(sums, at->x, w);
            for (int32_t i = 0; i < 8; i++) {
                int8_t *y = (int8_t *)at->y + i * pass->step;
                if (kind == TFC_PASS_SUMS) ((int32_t *)at->y)[i] = sums[i];
                else *y = tfc_passed(pass, kind, sums[i], *m, y);
            }
            at->y = (int8_t *)at->y + (kind == TFC_PASS_SUMS ? sizeof sums : 1);
        }
        w = next;
    }
}

/* sums += pairs of eight columns x a pair of weights. */
TFC_INLINE void tfc_eight(int32_t *sums, const uint32_t *x, uint32_t weights) {
    for (int32_t p = 0; p < 8; p++) sums[p] = tfc_smlad(x[p], weights, sums[p]);
}

TFC_INLINE const int8_t *tfc_start8(int32_t *sums, const int8_t *w) {
    for (int32_t p = 0; p < 8; p++) sums[p] = (int32_t)tfc_load(w);
    return w + 4;
}

#define TFC_PASS8(NAME, BODY, KIND) \
    void NAME(const struct tfc_pass *pass, const void *w) { \
        tfc_run_pass8(BODY, pass, KIND, w); \
    }
#define TFC_PASSES8(NAME, START, BODY) \
    TFC_PASS8(NAME##_sums, BODY, TFC_PASS_SUMS) \
    TFC_PASS8(NAME##_plain, BODY, TFC_PASS_PLAIN) \
    TFC_PASS8(NAME##_table, BODY, TFC_PASS_TABLE) \
    TFC_PASS8(NAME##_residual, BODY, TFC_PASS_RESIDUAL) \
    TFC_PASS8(NAME##_residual_table, BODY, TFC_PASS_RESIDUAL_TABLE)
#endif

/* One channel of one column. */
typedef const int8_t *tfc_body_of_one(int32_t *sum, const uint32_t *x, const int8_t *w);

TFC_INLINE void tfc_one_channel(tfc_body_of_one *body, const struct tfc_pass *pass, const int8_t *w) {
    enum tfc_kind_of_pass kind = tfc_kind_of(pass);
    int32_t *to = pass->columns->y, sum;
    int8_t *y = pass->columns->y;
    for (const int32_t *m = pass->multiplier; m != pass->end; m++) {
        w = body(&sum, pass->columns->x, w);
        if (pass->step == 0) *to++ = sum;
        else *y = tfc_passed(pass, kind, sum, *m, y), y++;
    }
}

#endif
