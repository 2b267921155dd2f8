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

/* A pair of channels of one column. */
TFC_INLINE const int8_t *tfc_blocks_of_one(int32_t *sums, const uint32_t *x, const int8_t *w) {
    int32_t first = sums[0], second = sums[1];
    for (;; w += 20) {
        for (int32_t i = 0; i < 2; i++) {
            const int8_t *weights = w + 4 + 8 * i;
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) {
                sums[0] = first, sums[1] = second;
                return weights;
            }
            x += step / 4;
            uint32_t even = x[0], odd = x[TFC_PITCH], word0 = tfc_load(weights), word1 = tfc_load(weights + 4);
            first = tfc_smlad(odd, tfc_sxtb16(word1), tfc_smlad(even, tfc_sxtb16(word0), first));
            second = tfc_smlad(odd, tfc_sxtb16_8(word1), tfc_smlad(even, tfc_sxtb16_8(word0), second));
        }
    }
}

void tfc_block2x4_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(tfc_blocks_of_one, pass, w);
}
