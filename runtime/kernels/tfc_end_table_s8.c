/* The ending of sums with a function of one value, read from a table.
 * sums: as the walk says; y: int8.
 * No scratch.
 * Fast because a result is one SMMLAR, one USAT and one load. */
#include "tfc/ending.h"

void tfc_end_table_s8(const struct tfc_result *f, const struct tfc_walk *at, const int32_t *sums, const void *r, void *y) {
    tfc_end((struct tfc_kinds){TFC_TABLE, 0, 1}, f, at, sums, r, y);
}
