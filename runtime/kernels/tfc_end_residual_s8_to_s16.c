/* The ending of sums to which a residual is added.
 * sums: as the walk says; y: int16; r: int8.
 * No scratch.
 * Fast because the residual joins by one MLA before the only rounding. */
#include "tfc/ending.h"

void tfc_end_residual_s8_to_s16(const struct tfc_result *f, const struct tfc_walk *at, const int32_t *sums, const void *r, void *y) {
    tfc_end((struct tfc_kinds){TFC_RESIDUAL, 1, 2}, f, at, sums, r, y);
}
