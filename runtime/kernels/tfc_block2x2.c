/* Products of a strip by pairs with a stream of blocks of two channels and two inputs.
 * w: the format "block2x2" of backends/streams.py. A pair of channels is groups of two blocks: how far on in the strip the second is (int16, bytes),
 * how far the first, a word of weights each. A step of -4 is the end.
 * Fast because a block is decoded once for four columns, and the end costs a branch, no count. */
#include "tfc/strip_loop.h"

#if defined(__ARM_FEATURE_DSP)
#if TFC_SHORT_LOOPS
#define TFC_BODY2X2 \
    "b 2f\n" \
    "1:\t" TFC_SHORT_WORD("[r0]", "[r0, #8]") "ldrsh r12, [r1, #-12]\n\tadds r0, r0, r12\n\tldr lr, [r1, #-4]\n\tbcs 3f\n\t" \
    TFC_SHORT_WORD("[r0]", "[r0, #8]") \
    "2:\tldrd r12, lr, [r1], #12\n\tadds r0, r0, r12, asr #16\n\tbcc 1b\n\tsubs r1, #8\n\tb 4f\n" \
    "3:\tsubs r1, #4\n4:\t"
#else
/* STEP leads to the block behind this one, WEIGHTS are its. The end, and nothing else, makes the sum of address and step carry. */
#define TFC_BLOCK2X2(P, Q, STEP, WEIGHTS) \
    TFC_WORD(P, Q, "[r0, #4]", "[r0, #8]", "[r0, #12]", "ldrsh " P ", " STEP, "ldr lr, " WEIGHTS, "") TFC_NEXT2X2(P, Q)
#define TFC_NEXT2X2(P, Q) "ldr " Q ", [r0, " P "]\n\tadds r0, r0, " P "\n\t"
#define TFC_BODY2X2 \
    "ldrsh r12, [r1, #2]\n\tldr lr, [r1, #4]!\n\t" TFC_NEXT2X2("r12", "r2") "bcs 3f\n" \
    "1:\t" TFC_BLOCK2X2("r2", "r12", "[r1, #-4]", "[r1, #4]") "bcs 2f\n\t" TFC_BLOCK2X2("r12", "r2", "[r1, #10]", "[r1, #12]!") "bcc 1b\n\tb 3f\n" \
    "2:\tadds r1, #4\n3:\t"
#endif
TFC_PASSES(tfc_block2x2, TFC_BODY2X2)
#undef TFC_NEXT2X2
#undef TFC_BLOCK2X2
#undef TFC_BODY2X2
#else
/* Group after group, from the steps on. */
TFC_INLINE const int8_t *tfc_blocks2x2(int32_t *sums, const uint32_t *x, const int8_t *w) {
    for (;; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) return w + 4 + 4 * i;
            x += step / 4;
            tfc_word(sums, x, w + 4 + 4 * i);
        }
    }
}
TFC_PASSES(tfc_block2x2, tfc_blocks2x2)
#endif

/* A pair of channels of one column. */
TFC_APART const int8_t *tfc_block2x2_of_one(int32_t *sums, const uint32_t *x, const int8_t *w) {
    int32_t first = sums[0], second = sums[1];
    for (;; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            const int8_t *weights = w + 4 + 4 * i;
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) {
                sums[0] = first, sums[1] = second;
                return weights;
            }
            x += step / 4;
            uint32_t word = tfc_load(weights);
            first = tfc_smlad(*x, tfc_sxtb16(word), first), second = tfc_smlad(*x, tfc_sxtb16_8(word), second);
        }
    }
}

void tfc_block2x2_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(tfc_block2x2_of_one, pass, w);
}
