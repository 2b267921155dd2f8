/* Products of a strip by quads with a stream of blocks of one channel and four inputs.
 * w: the format "block1x4" of backends/streams.py. A channel is groups of two blocks: how far on in the strip the second is (int16, bytes), how far
 * the first, a word of weights each. A step of -4 is the end.
 * Fast because a block is decoded once for eight columns, and a load issues beside each SMLAD. */
#include "tfc/strip_loop8.h"

#if defined(__ARM_FEATURE_DSP)
/* A block, its first column in r2, its weights in lr. STEP leads to the block behind it, WEIGHTS are its. The end, and nothing else, makes the
 * sum of address and step carry. */
#define TFC_BLOCK1X4(STEP, WEIGHTS) \
    "ldr r12, [r0, #4]\n\tsxtb16 r3, lr\n\t" \
    TFC_EIGHT("r3", "[r0, #8]", "[r0, #12]", "[r0, #16]", "[r0, #20]", "[r0, #24]", "[r0, #28]", "ldr r2, [r0, #48]", "ldr r12, [r0, #52]") \
    "sxtb16 lr, lr, ror #8\n\tldrsh r3, " STEP "\n\t" \
    TFC_EIGHT("lr", "[r0, #56]", "[r0, #60]", "[r0, #64]", "[r0, #68]", "[r0, #72]", "[r0, #76]", "ldr r2, [r0, r3]", "ldr lr, " WEIGHTS) \
    "adds r0, r0, r3\n\t"
#define TFC_BODY1X4 \
    "ldrsh r3, [r1, #-2]\n\tldr lr, [r1]\n\tldr r2, [r0, r3]\n\tadds r0, r0, r3\n\tbcs 3f\n" \
    "1:\t" TFC_BLOCK1X4("[r1, #-4]", "[r1, #4]") "bcs 2f\n\t" TFC_BLOCK1X4("[r1, #10]", "[r1, #12]!") "bcc 1b\n\tb 3f\n" \
    "2:\tadds r1, #4\n3:\t"
TFC_PASSES8(tfc_block1x4, TFC_START8, TFC_BODY1X4)
#undef TFC_BODY1X4
#undef TFC_BLOCK1X4
#else
TFC_INLINE const int8_t *tfc_blocks1x4(int32_t *sums, const uint32_t *x, const int8_t *w) {
    for (w = tfc_start8(sums, w);; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            uint32_t weights;
            if (step < 0) return w + 4 + 4 * i;
            x += step / 4, weights = tfc_load(w + 4 + 4 * i);
            tfc_eight(sums, x, tfc_sxtb16(weights));
            tfc_eight(sums, x + TFC_PITCH, tfc_sxtb16_8(weights));
        }
    }
}
TFC_PASSES8(tfc_block1x4, , tfc_blocks1x4)
#endif

TFC_APART const int8_t *tfc_block1x4_of_one(int32_t *sum, const uint32_t *x, const int8_t *w) {
    int32_t a = (int32_t)tfc_load(w);
    for (w += 4;; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) {
                *sum = a;
                return w + 4 + 4 * i;
            }
            uint32_t weights = tfc_load(w + 4 + 4 * i);
            x += step / 4;
            a = tfc_smlad(x[TFC_PITCH], tfc_sxtb16_8(weights), tfc_smlad(x[0], tfc_sxtb16(weights), a));
        }
    }
}

void tfc_block1x4_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_channel(tfc_block1x4_of_one, pass, w);
}
