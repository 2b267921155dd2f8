/* Products of a strip by pairs with a stream of blocks of one channel and two inputs.
 * w: the format "block1x2" of backends/streams.py. A channel is groups of two blocks: how far on in the strip the second is (int16, bytes), how far
 * the first, a word with the weights of both. A step of -4 is the end.
 * Fast because a block is decoded once for eight columns, and a load issues beside each SMLAD. */
#include "tfc/strip_loop8.h"

#if defined(__ARM_FEATURE_DSP)
/* A block, its first two columns in r2 and r12, its weights in r3, the step to the block behind it in lr. WEIGHTS has that one's: their word,
 * and how far to turn it. STEP leads on from there. The end, and nothing else, makes the sum of address and step carry. */
#define TFC_BLOCK1X2(WEIGHTS, TURN, STEP) \
    TFC_EIGHT("r3", "[r0, #8]", "[r0, #12]", "[r0, #16]", "[r0, #20]", "[r0, #24]", "[r0, #28]", "adds r0, r0, lr", "ldr r3, " WEIGHTS) \
    "ldr r2, [r0]\n\tldr r12, [r0, #4]\n\tsxtb16 r3, r3" TURN "\n\tldrsh lr, " STEP "\n\t"
#define TFC_BODY1X2 \
    "ldrsh lr, [r1, #-2]\n\tldr r3, [r1]\n\tadds r0, r0, lr\n\tldrsh lr, [r1, #-4]\n\tbcs 3f\n\tldr r2, [r0]\n\tldr r12, [r0, #4]\n\tsxtb16 r3, r3\n" \
    "1:\t" TFC_BLOCK1X2("[r1]", ", ror #8", "[r1, #6]") "bcs 2f\n\t" TFC_BLOCK1X2("[r1, #8]!", "", "[r1, #-4]") "bcc 1b\n\tb 3f\n" \
    "2:\tadds r1, #4\n3:\t"
TFC_PASSES8(tfc_block1x2, TFC_START8, TFC_BODY1X2)
#undef TFC_BODY1X2
#undef TFC_BLOCK1X2
#else
TFC_INLINE const int8_t *tfc_blocks1x2(int32_t *sums, const uint32_t *x, const int8_t *w) {
    for (w = tfc_start8(sums, w);; w += 8) {
        int32_t first = tfc_get(w + 2, 2), second = tfc_get(w, 2);
        if (first < 0) return w + 4;
        tfc_eight(sums, x += first / 4, tfc_sxtb16(tfc_load(w + 4)));
        if (second < 0) return w + 8;
        tfc_eight(sums, x += second / 4, tfc_sxtb16_8(tfc_load(w + 4)));
    }
}
TFC_PASSES8(tfc_block1x2, , tfc_blocks1x2)
#endif

TFC_APART const int8_t *tfc_block1x2_of_one(int32_t *sum, const uint32_t *x, const int8_t *w) {
    int32_t a = (int32_t)tfc_load(w), first, second;
    for (w += 4; (first = tfc_get(w + 2, 2)) >= 0; w += 8) {
        x += first / 4;
        a = tfc_smlad(*x, tfc_sxtb16(tfc_load(w + 4)), a);
        second = tfc_get(w, 2);
        if (second < 0) {
            *sum = a;
            return w + 8;
        }
        x += second / 4;
        a = tfc_smlad(*x, tfc_sxtb16_8(tfc_load(w + 4)), a);
    }
    *sum = a;
    return w + 4;
}

void tfc_block1x2_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_channel(tfc_block1x2_of_one, pass, w);
}
