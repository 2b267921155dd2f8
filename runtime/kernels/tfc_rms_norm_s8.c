/* Norm by the root of the mean square, over the last axis.
 * x, y: [rows, c]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because the zero point is taken off the sums, not off the elements. */
#include "tfc/norm.h"

void tfc_rms_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y) {
    tfc_rms_norm(f, 1, x, y);
}
