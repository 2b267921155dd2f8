/* Columns of a strip by pairs, from int16.
 * x: c channels of each column; a third column of four that do not exist may be any.
 * strip: the words of the first column; see tfc/strip.h.
 * Fast because pairs of neighbours are copied as they are. */
#include "tfc/widen.h"

void tfc_widen_pairs_s16(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    tfc_widen(strip, TFC_STRIP_PAIRS, 2, columns, x, c);
}
