/* Products of a strip by twos with a stream of single weights.
 * w: the format "block1x1" of backends/streams.py. A channel is groups of four weights: how far on in the strip the last is (int16, bytes), and so
 * on to the first, then the weights. A step of -4 is the end; its weight is zero.
 * Fast because SMLAL multiplies two columns at once: the sum of the first stays in the low 23 bits, which the compiler has proved; it starts half
 * of what they hold too high, so that it never borrows from the sum of the second above it. */
#include "tfc/strip_loop8.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_START1X1 "ldrd r4, r8, [r1], #8\n\tmov r5, r4\n\tmov r9, r8\n\tmov r6, r4\n\tmov r10, r8\n\tmov r7, r4\n\tmov r11, r8\n\t"
/* A weight in lr, its first word in r2. STEP leads to the one behind it, which is WEIGHT. The end, and nothing else, makes the sum of address
 * and step carry; the branch may wait, for its weight is zero. A line is a cycle. */
#define TFC_BLOCK1X1(STEP, WEIGHT, END) \
    "ldrd r3, r12, [r0, #4]\n\t" \
    "smlal r4, r8, r2, lr\n\tldr r2, [r0, #12]\n\t" \
    "smlal r5, r9, r3, lr\n\tldrsh r3, " STEP "\n\t" \
    "smlal r6, r10, r12, lr\n\t" END "\n\t" \
    "smlal r7, r11, r2, lr\n\tldrsb lr, " WEIGHT "\n\t" \
    "ldr r2, [r0, r3]\n\tadds r0, r0, r3\n\t"
#define TFC_HALVES(LOW, HIGH) "lsl " HIGH ", " HIGH ", #9\n\torr " HIGH ", " HIGH ", " LOW ", lsr #23\n\tubfx " LOW ", " LOW ", #0, #23\n\tsubs " LOW ", " LOW ", r3\n\t"
#define TFC_BODY1X1 \
    "ldrsh r3, [r1, #6]\n\tldrsb lr, [r1, #8]\n\tldr r2, [r0, r3]\n\tadds r0, r0, r3\n" \
    "1:\t" TFC_BLOCK1X1("[r1, #4]", "[r1, #9]", "bcs 3f") TFC_BLOCK1X1("[r1, #2]", "[r1, #10]", "bcs 3f") \
    TFC_BLOCK1X1("[r1]", "[r1, #11]", "bcs 3f") TFC_BLOCK1X1("[r1, #18]", "[r1, #20]", "bcs 3f") "add r1, r1, #12\n\tb 1b\n" \
    "3:\tmov r3, #0x400000\n\tadds r1, #12\n\t" TFC_HALVES("r4", "r8") TFC_HALVES("r5", "r9") TFC_HALVES("r6", "r10") TFC_HALVES("r7", "r11")
TFC_PASSES8(tfc_block1x1, TFC_START1X1, TFC_BODY1X1)
#undef TFC_BODY1X1
#undef TFC_HALVES
#undef TFC_BLOCK1X1
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
TFC_INLINE const int8_t *tfc_block1x1_of_one(int32_t *sum, const uint32_t *x, const int8_t *w) {
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
