/* Products of a strip by twos with a stream of single weights.
 * w: the format "block1x1" of backends/streams.py. A channel is groups of four weights: how far on in the strip the last is (int16, bytes), and so
 * on to the first, then the weights. A step of -4 is the end; its weight is zero.
 * Fast because SMLAL multiplies two columns at once: the sum of the first stays in the low 23 bits, which the compiler has proved; it starts half
 * of what they hold too high, so that it never borrows from the sum of the second above it. */
#include "tfc/strip_loop8.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_START1X1 "ldrd r4, r8, [r1], #16\n\tmov r5, r4\n\tmov r9, r8\n\tmov r6, r4\n\tmov r10, r8\n\tmov r7, r4\n\tmov r11, r8\n\t"
/* A weight in lr, its first word in r2. STEP leads to the one behind it. A line is a cycle. */
#define TFC_WEIGHT1X1(STEP) \
    "ldrd r3, r12, [r0, #4]\n\t" \
    "smlal r4, r8, r2, lr\n\tldr r2, [r0, #12]\n\t" \
    "smlal r5, r9, r3, lr\n\tldrsh r3, " STEP "\n\t" \
    "smlal r6, r10, r12, lr\n\t"
/* The end, and nothing else, makes the sum of address and step carry. The branch that this costs may wait, for the weight of the end is zero. */
#define TFC_NEXT1X1(WEIGHT) \
    "smlal r7, r11, r2, lr\n\tldrsb lr, " WEIGHT "\n\t" \
    "ldr r2, [r0, r3]\n\tadds r0, r0, r3\n\t"
#define TFC_HIGH(LOW, HIGH) "lsl " HIGH ", " HIGH ", #9\n\torr " HIGH ", " HIGH ", " LOW ", lsr #23\n\t"
#define TFC_BODY1X1 \
    "ldrsh r3, [r1, #-2]\n\tldrsb lr, [r1]\n\tldr r2, [r0, r3]\n\tadds r0, r0, r3\n\t" TFC_WEIGHT1X1("[r1, #-4]") "bcs 3f\n" \
    "1:\t" TFC_NEXT1X1("[r1, #1]") TFC_WEIGHT1X1("[r1, #-6]") "bcs 3f\n\t" TFC_NEXT1X1("[r1, #2]") TFC_WEIGHT1X1("[r1, #-8]") "bcs 3f\n\t" \
    TFC_NEXT1X1("[r1, #3]") TFC_WEIGHT1X1("[r1, #10]") "bcs 3f\n\t" TFC_NEXT1X1("[r1, #12]!") TFC_WEIGHT1X1("[r1, #-4]") "bcc 1b\n" \
    "3:\tmov r3, #0x400000\n\tadds r1, #4\n\t" TFC_HIGH("r4", "r8") TFC_HIGH("r5", "r9") TFC_HIGH("r6", "r10") TFC_HIGH("r7", "r11") \
    "ubfx r4, r4, #0, #23\n\tubfx r5, r5, #0, #23\n\tsubs r4, r4, r3\n\tubfx r6, r6, #0, #23\n\tsubs r5, r5, r3\n\t" \
    "ubfx r7, r7, #0, #23\n\tsubs r6, r6, r3\n\tsubs r7, r7, r3\n\t"
TFC_PASSES8(tfc_block1x1, TFC_START1X1, TFC_BODY1X1)
#undef TFC_BODY1X1
#undef TFC_HIGH
#undef TFC_NEXT1X1
#undef TFC_WEIGHT1X1
#undef TFC_START1X1
#else
TFC_INLINE const int8_t *tfc_blocks1x1(int32_t *sums, const uint32_t *x, const int8_t *w) {
    int64_t twos[4], start;
    __builtin_memcpy(&start, w, sizeof start);
    for (int32_t p = 0; p < 4; p++) twos[p] = start;
    for (w += sizeof start;; w += 12) {
        for (int32_t i = 0; i < 4; i++) {
            int32_t step = tfc_get(w + 6 - 2 * i, 2);
            if (step < 0) {
                for (int32_t p = 0; p < 4; p++) {
                    sums[p] = (int32_t)(twos[p] & ((1 << TFC_HALF) - 1)) - (1 << (TFC_HALF - 1));
                    sums[4 + p] = (int32_t)(twos[p] >> TFC_HALF);
                }
                return w + 12;
            }
            x += step / 4;
            for (int32_t p = 0; p < 4; p++) twos[p] += (int64_t)(int32_t)x[p] * w[8 + i];
        }
    }
}
TFC_PASSES8(tfc_block1x1, , tfc_blocks1x1)
#endif

/* The low byte of a word is its first column. */
TFC_APART const int8_t *tfc_block1x1_of_one(int32_t *sum, const uint32_t *x, const int8_t *w) {
    int64_t start;
    __builtin_memcpy(&start, w, sizeof start);
    int32_t a = (int32_t)(start >> TFC_HALF);
    for (w += sizeof start;; w += 12) {
        for (int32_t i = 0; i < 4; i++) {
            int32_t step = tfc_get(w + 6 - 2 * i, 2);
            if (step < 0) {
                *sum = a;
                return w + 12;
            }
            x += step / 4;
            a += (int8_t)*x * w[8 + i];
        }
    }
}

void tfc_block1x1_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_channel(tfc_block1x1_of_one, pass, w);
}
