/* Products of a panel of four windows with widened weights, two channels at a time: a chain of equal steps without a loop.
 * A panel has four words a step, the pairs of its windows. A stream has for each two channels their biases, two words a step, their multipliers. */
#ifndef TFC_CHAIN_H
#define TFC_CHAIN_H

#include "tfc/result.h"

enum { TFC_CHAIN = 20 }; /* steps */

/* What becomes of the sums of two channels: results that saturate or are read from the table, or sums[channels, rounded up to even][4]. Or
 * there are more than TFC_CHAIN steps: once more through the chain, perhaps. */
enum tfc_chain_end { TFC_CHAIN_PLAIN, TFC_CHAIN_TABLE, TFC_CHAIN_SUMS, TFC_CHAIN_MORE };

/* What a chain works on; on the chip it lies on the stack, in this order. `back` is how far before its end the chain is entered: what remains
 * of the steps but the first, of 56 bytes each, and odd, as addresses of code are. `after` is what follows the chain, and `end` what follows
 * its last step. `y` is the first result of the first window, or where sums go; results of the others lie `pitch` and `three` pitches
 * behind it. `last` are the last multipliers. */
struct tfc_chain {
    int32_t back, after, end;
    const uint32_t *panel_end;
    int32_t zero;
    void *y;
    int32_t pitch, three;
    const uint32_t *last, *panel;
    const int8_t *table; /* or 0 */
    const uint32_t *stream;
};

TFC_INLINE struct tfc_chain tfc_chain_of(const uint32_t *panel, const uint32_t *stream, const uint32_t *end, int32_t steps, struct tfc_direct_ending ending, int32_t pitch) {
    int32_t back = 56 * ((steps - 1) % TFC_CHAIN) - 1, after = steps > TFC_CHAIN ? TFC_CHAIN_MORE : TFC_CHAIN_PLAIN;
    return (struct tfc_chain){back, after, 0, panel + 4 * steps, ending.zero, 0, pitch, 3 * pitch, end - 2, panel, ending.table, stream - 2};
}

/* Where results go, and how. */
TFC_INLINE void tfc_chain_to(struct tfc_chain *k, enum tfc_chain_end end, void *y) {
    k->end = (int32_t)end, k->y = y;
    if (k->after != TFC_CHAIN_MORE) k->after = (int32_t)end;
}

#if defined(__ARM_FEATURE_DSP)
#define TFC_BEGIN_CHAIN \
    "ldrd %[p], %[w], [%[a0], #40]\n\tstrd %[p], %[w], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #32]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0], #24]\n\tstrd %[p], %[q], [sp, #-8]!\n\tldrd %[p], %[q], [%[a0], #16]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0], #8]\n\tadr.w %[u], 5f\n\tldr.w %[p], [%[u], %[p], lsl #2]\n\tstrd %[p], %[q], [sp, #-8]!\n\t" \
    "ldrd %[p], %[q], [%[a0]]\n\tldr.w %[q], [%[u], %[q], lsl #2]\n\tadr.w %[u], 3f\n\tsub %[p], %[u], %[p]\n\t" \
    "strd %[p], %[q], [sp, #-8]!\n\tb 4f\n\t" \
    ".balign 4\n5:\t.word 6f + 1, 7f + 1, 8f + 1, 9f + 1\n"
/* p and q hold the pairs of windows 0 and 1, u and v the weights of both channels; a line has what may issue together. All instructions
 * have four bytes. The last step loads the multipliers, and a word behind the panel. */
#define TFC_STEP(BIAS0, BIAS1, A1, A2, A3, B1, B2, B3) \
    "smlad %[a0], %[p], %[u], %[" BIAS0 "]\n\tldr.w %[q], [%[x], #4]\n\t" \
    "smlad %[b0], %[p], %[v], %[" BIAS1 "]\n\tldr.w %[p], [%[x], #8]\n\t" \
    "smlad %[a1], %[q], %[u], %[" A1 "]\n\t" \
    "smlad %[b1], %[q], %[v], %[" B1 "]\n\tldr.w %[q], [%[x], #12]\n\t" \
    "smlad %[a2], %[p], %[u], %[" A2 "]\n\t" \
    "smlad %[b2], %[p], %[v], %[" B2 "]\n\tldr.w %[p], [%[x], #16]!\n\t" \
    "smlad %[a3], %[q], %[u], %[" A3 "]\n\tldr.w %[u], [%[w], #8]!\n\t" \
    "smlad %[b3], %[q], %[v], %[" B3 "]\n\tldr.w %[v], [%[w], #4]\n\t"
#define TFC_STEPS1 TFC_STEP("a0", "b0", "a1", "a2", "a3", "b1", "b2", "b3")
#define TFC_STEPS5 TFC_STEPS1 TFC_STEPS1 TFC_STEPS1 TFC_STEPS1 TFC_STEPS1
/* The biases lie in a3 and b3, which are begun last. */
#define TFC_CHANNELS \
    "4:\tldr %[x], [sp, #36]\n1:\tldrd %[a3], %[b3], [%[w], #8]!\n\tldr %[p], [%[x]]\n\tldr %[u], [%[w], #8]!\n\tldr %[v], [%[w], #4]\n\t" \
    TFC_STEP("a3", "b3", "a3", "a3", "a3", "b3", "b3", "b3") "ldr.w pc, [sp]\n" \
    "2:\t" TFC_STEPS5 TFC_STEPS5 TFC_STEPS5 TFC_STEPS5 \
    "\n3:\tldr.w pc, [sp, #4]\n" \
    "9:\tldr %[q], [sp, #12]\n\tcmp %[x], %[q]\n\tbne 2b\n\tldr.w pc, [sp, #8]\n"
#define TFC_NEXT_CHANNELS "ldr %[x], [sp, #36]\n\tbne 1b\n\t"
/* Two channels of a window are stored together. */
#define TFC_PLAIN_CHANNELS \
    "ldrd %[p], %[x], [sp, #16]\n\t" \
    "smmlar %[a0], %[a0], %[u], %[p]\n\tldr %[q], [sp, #24]\n\t" \
    "smmlar %[b0], %[b0], %[v], %[p]\n\t" \
    "smmlar %[a1], %[a1], %[u], %[p]\n\tssat %[a0], #8, %[a0]\n\t" \
    "smmlar %[b1], %[b1], %[v], %[p]\n\tssat %[b0], #8, %[b0]\n\t" \
    "smmlar %[a2], %[a2], %[u], %[p]\n\tssat %[a1], #8, %[a1]\n\t" \
    "smmlar %[b2], %[b2], %[v], %[p]\n\tssat %[b1], #8, %[b1]\n\t" \
    "smmlar %[a3], %[a3], %[u], %[p]\n\tssat %[a2], #8, %[a2]\n\t" \
    "smmlar %[b3], %[b3], %[v], %[p]\n\tbfi %[a0], %[b0], #8, #8\n\t" \
    "ldrd %[p], %[u], [sp, #28]\n\t" \
    "bfi %[a1], %[b1], #8, #8\n\tstrh %[a0], [%[x]]\n\t" \
    "ssat %[b2], #8, %[b2]\n\tstrh %[a1], [%[x], %[q]]\n\t" \
    "ssat %[b3], #8, %[b3]\n\tcmp %[w], %[u]\n\t" \
    "bfi %[a2], %[b2], #8, #8\n\t" \
    "ssat %[a3], #8, %[a3]\n\tstrh %[a2], [%[x], %[q], lsl #1]\n\t" \
    "bfi %[a3], %[b3], #8, #8\n\tstrh %[a3], [%[x], %[p]]\n\t" \
    "add %[x], %[x], #2\n\tstr %[x], [sp, #20]\n\t"
#define TFC_TABLE_CHANNELS \
    "ldr %[p], [sp, #16]\n\tldr %[x], [sp, #40]\n\t" \
    "smmlar %[a0], %[a0], %[u], %[p]\n\tldr %[q], [sp, #24]\n\t" \
    "smmlar %[b0], %[b0], %[v], %[p]\n\t" \
    "smmlar %[a1], %[a1], %[u], %[p]\n\tusat %[a0], #10, %[a0]\n\t" \
    "smmlar %[b1], %[b1], %[v], %[p]\n\tusat %[b0], #10, %[b0]\n\t" \
    "smmlar %[a2], %[a2], %[u], %[p]\n\tusat %[a1], #10, %[a1]\n\t" \
    "smmlar %[b2], %[b2], %[v], %[p]\n\tusat %[b1], #10, %[b1]\n\t" \
    "smmlar %[a3], %[a3], %[u], %[p]\n\tusat %[a2], #10, %[a2]\n\t" \
    "smmlar %[b3], %[b3], %[v], %[p]\n\tusat %[b2], #10, %[b2]\n\t" \
    "usat %[a3], #10, %[a3]\n\tldrb %[a0], [%[x], %[a0]]\n\t" \
    "usat %[b3], #10, %[b3]\n\tldrb %[b0], [%[x], %[b0]]\n\t" \
    "ldr %[p], [sp, #20]\n\tldrb %[a1], [%[x], %[a1]]\n\t" \
    "ldrb %[b1], [%[x], %[b1]]\n\tbfi %[a0], %[b0], #8, #8\n\t" \
    "ldrb %[a2], [%[x], %[a2]]\n\tstrh %[a0], [%[p]]\n\t" \
    "ldrb %[b2], [%[x], %[b2]]\n\tbfi %[a1], %[b1], #8, #8\n\t" \
    "ldrb %[a3], [%[x], %[a3]]\n\tstrh %[a1], [%[p], %[q]]\n\t" \
    "ldrb %[b3], [%[x], %[b3]]\n\tbfi %[a2], %[b2], #8, #8\n\t" \
    "ldr %[u], [sp, #28]\n\tstrh %[a2], [%[p], %[q], lsl #1]\n\t" \
    "ldr %[v], [sp, #32]\n\tbfi %[a3], %[b3], #8, #8\n\t" \
    "strh %[a3], [%[p], %[u]]\n\tadd %[p], %[p], #2\n\t" \
    "str %[p], [sp, #20]\n\tcmp %[w], %[v]\n\t"
#define TFC_SUM_CHANNELS \
    "ldr %[x], [sp, #20]\n\tldr %[u], [sp, #32]\n\t" \
    "strd %[a0], %[a1], [%[x]]\n\tstrd %[a2], %[a3], [%[x], #8]\n\tstrd %[b0], %[b1], [%[x], #16]\n\tstrd %[b2], %[b3], [%[x], #24]\n\t" \
    "add %[x], %[x], #32\n\tcmp %[w], %[u]\n\tstr %[x], [sp, #20]\n\t"

TFC_APART void tfc_chain(const struct tfc_chain *facts) {
    int32_t a1, a2, a3, b0, b1, b2, b3, p, q, u, v, x, w;
    __asm__ volatile(TFC_BEGIN_CHAIN TFC_CHANNELS "6:\t" TFC_PLAIN_CHANNELS TFC_NEXT_CHANNELS "b 10f\n7:\t" TFC_TABLE_CHANNELS TFC_NEXT_CHANNELS
                     "b 10f\n8:\t" TFC_SUM_CHANNELS TFC_NEXT_CHANNELS "\n10:\tadd sp, sp, #48"
                     : [a0] "+r"(facts), [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [b0] "=&r"(b0), [b1] "=&r"(b1), [b2] "=&r"(b2), [b3] "=&r"(b3),
                       [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v), [x] "=&r"(x), [w] "=&r"(w) : : "cc", "memory");
}
#else
/* The sums of the two channels whose biases lie at w, as [2][4]; returns their multipliers. */
TFC_INLINE const uint32_t *tfc_chain_two(const struct tfc_chain *k, int32_t sums[8], const uint32_t *w) {
    for (int32_t i = 0; i < 8; i++) sums[i] = (int32_t)w[i >> 2];
    for (const uint32_t *x = k->panel; x != k->panel_end; x += 4) {
        w += 2;
        for (int32_t i = 0; i < 8; i++) sums[i] = tfc_smlad(x[i & 3], w[i >> 2], sums[i]);
    }
    return w + 2;
}

TFC_APART void tfc_chain(const struct tfc_chain *k) {
    int32_t m[2], *sums = k->y;
    int8_t *y = k->y;
    for (const uint32_t *w = k->stream; w != k->last; sums += 8, y += 2) {
        int32_t two[8];
        w = tfc_chain_two(k, two, w + 2);
        __builtin_memcpy(m, w, sizeof m);
        for (int32_t i = 0; i < 8; i++) {
            if (k->end == TFC_CHAIN_SUMS) sums[i] = two[i];
            else y[(i & 3) * k->pitch + (i >> 2)] = tfc_direct_result(two[i], m[i >> 2], k->zero, k->end == TFC_CHAIN_PLAIN, k->table);
        }
    }
}
#endif
#endif
