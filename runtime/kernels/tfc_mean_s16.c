/* Mean over one or two runs of axes of int16.
 * x: [outer, n1, middle, n2, inner]; y: [outer, middle, inner], int8.
 * No scratch.
 * Fast because four neighbours are summed at a time, the zero point is taken off once, and the divisor is in the multiplier. */
#include "tfc/mean.h"

void tfc_mean_s16(const struct tfc_mean *f, const int16_t *x, int8_t *y) {
    tfc_mean(f, 2, (const int8_t *)x, y);
}
