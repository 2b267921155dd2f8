/* The ending of sums that need no shift and no clamp but that of int8.
 * sums: as the walk says; y: int8.
 * No scratch.
 * Fast because a result is one SMMLAR and one SSAT. */
#include "tfc/ending.h"

void tfc_end_plain_s8(const struct tfc_result *f, const struct tfc_walk *at, const int32_t *sums, const void *r, void *y) {
    tfc_end((struct tfc_kinds){TFC_PLAIN, 0, 1}, f, at, sums, r, y);
}
