/* The ending of sums that need no clamp but that of int16.
 * sums: as the walk says; y: int16.
 * No scratch.
 * Fast because a result is a shift, one SMMLAR and one SSAT. */
#include "tfc/ending.h"

void tfc_end_plain_s16(const struct tfc_result *f, const struct tfc_walk *at, const int32_t *sums, const void *r, void *y) {
    tfc_end((struct tfc_kinds){TFC_PLAIN, 0, 2}, f, at, sums, r, y);
}
