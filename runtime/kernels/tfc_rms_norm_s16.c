/* Norm by the root of the mean square, over the last axis, of int16.
 * x, y: [rows, c], y int8; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because the sum is an SMLAD, the squares an SMLALD of pairs, and an element costs two MLAs and one SMMULR. */
#include "tfc/norm.h"

void tfc_rms_norm_s16(const struct tfc_rows_norm *f, const int16_t *x, int8_t *y) {
    tfc_rms_norm(f, 2, (const int8_t *)x, y);
}
