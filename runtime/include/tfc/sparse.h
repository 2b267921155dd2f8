/* Streams of blocks that are not zero (backends/formats.py): a row of blocks is a count, then groups of two, or of four 1x1 blocks:
 * the steps of a group, then its weights. The last group may hold fewer. A step counts blocks along the inputs. */
#ifndef TFC_SPARSE_H
#define TFC_SPARSE_H

#include "tfc/registers.h"

/* Step i of a group. */
TFC_INLINE int32_t tfc_step(const uint32_t *steps, int32_t i) {
    uint16_t step;
    __builtin_memcpy(&step, (const int8_t *)steps + 2 * i, sizeof step);
    return step;
}

#if defined(__ARM_FEATURE_DSP)
/* To the block's inputs in the panel, 2 to the power SCALE bytes a step. */
#define TFC_STEP(FROM, SCALE) "ldrh %[p], " FROM "\n\tadd %[x], %[x], %[p], lsl #" SCALE "\n\t"
/* One channel: column i of the panel, from x on, and its product. */
#define TFC_COLUMN(I, OFFSET) "ldr %[c" #I "], [%[x], #" #OFFSET "]\n\t"
#define TFC_MAC(I, WEIGHTS) "smlad %[a" #I "], %[c" #I "], %[" #WEIGHTS "], %[a" #I "]\n\t"
#endif

#endif
