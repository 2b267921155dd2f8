/* Columns of a strip by quads, from int8.
 * x: c channels of each column; a third column of four that do not exist may be any.
 * strip: the words of the first column; see tfc/strip.h.
 * Fast because SXTB16 makes the pairs of a strip, nothing else is needed. */
#include "tfc/widen.h"

void tfc_widen_quads_s8(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    tfc_widen(strip, TFC_STRIP_QUADS, 1, columns, x, c);
}
