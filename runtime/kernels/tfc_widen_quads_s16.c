/* Columns of a strip by quads, from int16.
 * x: c channels of each column.
 * strip: the words of the first column, with room for whole fours; see tfc/strip.h.
 * Fast because each PKH makes a pair of two words. */
#include "tfc/widen.h"

void tfc_widen_quads_s16(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    tfc_widen(strip, TFC_STRIP_QUADS, 2, columns, x, c);
}
