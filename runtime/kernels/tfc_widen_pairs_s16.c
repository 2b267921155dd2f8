/* Columns of a strip by pairs, from int16.
 * x: c channels of each column.
 * strip: the words of the first column, with room for whole fours; see tfc/strip.h.
 * Fast because pairs of neighbours are copied as they are. */
#include "tfc/widen.h"

void tfc_widen_pairs_s16(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    tfc_widen(strip, TFC_STRIP_PAIRS, 2, columns, x, c);
}
