/* Columns of a strip by quads, from int8.
 * x: c channels of each column.
 * strip: the words of the first column, with room for whole fours; see tfc/strip.h.
 * Fast because SXTB16 makes the pairs of a strip, nothing else is needed. */
#include "tfc/widen.h"

void tfc_widen_quads_s8(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    tfc_widen(strip, TFC_STRIP_QUADS, 1, columns, x, c);
}
