/* Mean over one or two runs of axes.
 * x: [outer, n1, middle, n2, inner]; y: [outer, middle, inner].
 * No scratch.
 * Fast because four neighbours are summed with one load, the zero point is taken off once, and the divisor is in the multiplier. */
#include "tfc/mean.h"

void tfc_mean_s8(const struct tfc_mean *f, const int8_t *x, int8_t *y) {
    tfc_mean(f, 1, x, y);
}
