/* Products of a strip with a stream of blocks of two channels and four inputs.
 * w: the format "block2x4" of backends/streams.py. A pair of channels is groups of two blocks: how far on in the strip the second is (int16,
 * bytes), how far the first, the weights of both. A step of -4 is the end.
 * Fast because a block is decoded once for four columns, and the end costs a branch, no count. */
#include "tfc/strip_loop.h"

#if defined(__ARM_FEATURE_DSP)
#if TFC_SHORT_LOOPS
#define TFC_BLOCK2X4(SECOND) TFC_SHORT_WORD("[r0]", "[r0, #8]") "ldr lr, " SECOND "\n\t" TFC_SHORT_WORD("[r0, #48]", "[r0, #56]")
/* The end, and nothing else, makes the sum of address and step carry. */
#define TFC_BODY2X4 \
    "b 2f\n" \
    "1:\t" TFC_BLOCK2X4("[r1, #-12]") \
    "ldrsh r12, [r1, #-20]\n\tadds r0, r0, r12\n\tldr lr, [r1, #-8]\n\tbcs 3f\n\t" \
    TFC_BLOCK2X4("[r1, #-4]") \
    "2:\tldrd r12, lr, [r1], #20\n\tadds r0, r0, r12, asr #16\n\tbcc 1b\n\tsubs r1, #16\n\tb 4f\n" \
    "3:\tsubs r1, #8\n4:\t"
#else
/* STEP, in Q at the end, leads to the block behind this one, WEIGHTS are its first. */
#define TFC_BLOCK2X4(P, Q, SECOND, STEP, WEIGHTS) \
    TFC_WORD(P, Q, "[r0, #4]", "[r0, #8]", "[r0, #12]", "ldr " P ", [r0, #48]", "ldr lr, " SECOND, "") \
    TFC_WORD(P, Q, "[r0, #52]", "[r0, #56]", "[r0, #60]", "ldrsh " P ", " STEP, "ldr lr, " WEIGHTS, "")
/* The end, and nothing else, makes the sum of address and step carry. */
#define TFC_NEXT2X4(P, Q) "ldr " Q ", [r0, " P "]\n\tadds r0, r0, " P "\n\t"
#define TFC_BODY2X4 \
    "ldrsh r12, [r1, #2]\n\tldr lr, [r1, #4]!\n\t" TFC_NEXT2X4("r12", "r2") "bcs 3f\n" \
    "1:\t" TFC_BLOCK2X4("r2", "r12", "[r1, #4]", "[r1, #-4]", "[r1, #8]") TFC_NEXT2X4("r2", "r12") "bcs 2f\n\t" \
    TFC_BLOCK2X4("r12", "r2", "[r1, #12]", "[r1, #18]", "[r1, #20]!") TFC_NEXT2X4("r12", "r2") "bcc 1b\n\tb 3f\n" \
    "2:\tadds r1, #8\n3:\t"
#endif
TFC_PASSES(tfc_block2x4, TFC_BODY2X4)
#undef TFC_NEXT2X4
#undef TFC_BLOCK2X4
#undef TFC_BODY2X4
#else
/* Group after group, from the steps on. */
TFC_INLINE const int8_t *tfc_blocks2x4(int32_t *sums, const uint32_t *x, const int8_t *w) {
    for (;; w += 20) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) return w + 4 + 8 * i;
            x += step / 4;
            tfc_word(sums, x, w + 4 + 8 * i);
            tfc_word(sums, x + TFC_PITCH, w + 8 + 8 * i);
        }
    }
}
TFC_PASSES(tfc_block2x4, tfc_blocks2x4)
#endif

/* A pair of channels of one column of a strip, or of words one behind another. */
#if defined(__ARM_FEATURE_DSP)
/* A line is a cycle. While a block is multiplied its successor is loaded: STEP leads there, WEIGHTS are its first, SECOND the others. */
#define TFC_ONE_BLOCK(STEP, WEIGHTS, SECOND, END) \
    "adds %[x], %[x], %[s]\n\tsxtb16 %[t], %[u]\n\t" \
    "bcs " END "f\n\tsxtb16 %[u], %[u], ror #8\n\t" \
    "ldr %[p], [%[x]]\n\t" \
    "ldr %[q], [%[x], %[half]]\n\tsxtb16 %[s], %[v]\n\t" \
    "smlad %[a], %[p], %[t], %[a]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlad %[b], %[p], %[u], %[b]\n\tldr %[u], [%[w], " WEIGHTS "]\n\t" \
    "smlad %[a], %[q], %[s], %[a]\n\tldrsh %[s], [%[w], " STEP "]\n\t" \
    "smlad %[b], %[q], %[v], %[b]\n\tldr %[v], [%[w], " SECOND "]\n\t"
TFC_INLINE const int8_t *tfc_blocks_of_one(int32_t *sums, const uint32_t *x, const int8_t *w, int32_t pitch) {
    int32_t a = sums[0], b = sums[1], p, q, s, t, u, v;
    __asm__ volatile("ldrsh %[s], [%[w], #2]\n\tldr %[u], [%[w], #4]\n\tldr %[v], [%[w], #8]\n"
                     "1:\t" TFC_ONE_BLOCK("#0", "#12", "#16", "3")
                     TFC_ONE_BLOCK("#22", "#24", "#28", "2") "add %[w], %[w], #20\n\tb 1b\n"
                     "2:\tadd %[w], %[w], #8\n3:\tadd %[w], %[w], #4"
                     : [a] "+r"(a), [b] "+r"(b), [x] "+r"(x), [w] "+r"(w), [p] "=&r"(p), [q] "=&r"(q), [s] "=&r"(s), [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v)
                     : [half] "i"(4 * pitch)
                     : "cc", "memory");
    sums[0] = a, sums[1] = b;
    return w;
}
#undef TFC_ONE_BLOCK
#else
TFC_INLINE const int8_t *tfc_blocks_of_one(int32_t *sums, const uint32_t *x, const int8_t *w, int32_t pitch) {
    for (;; w += 20) {
        for (int32_t i = 0; i < 2; i++) {
            const int8_t *weights = w + 4 + 8 * i;
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) return weights;
            x += step / 4;
            uint32_t even = x[0], odd = x[pitch], word0 = tfc_load(weights), word1 = tfc_load(weights + 4);
            sums[0] = tfc_smlad(odd, tfc_sxtb16(word1), tfc_smlad(even, tfc_sxtb16(word0), sums[0]));
            sums[1] = tfc_smlad(odd, tfc_sxtb16_8(word1), tfc_smlad(even, tfc_sxtb16_8(word0), sums[1]));
        }
    }
}
#endif

static const int8_t *column(int32_t *sums, const uint32_t *x, const int8_t *w) {
    return tfc_blocks_of_one(sums, x, w, TFC_PITCH);
}

static const int8_t *token(int32_t *sums, const uint32_t *x, const int8_t *w) {
    return tfc_blocks_of_one(sums, x, w, 1);
}

void tfc_block2x4_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(column, pass, w);
}

void tfc_block2x4_token(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(token, pass, w);
}
