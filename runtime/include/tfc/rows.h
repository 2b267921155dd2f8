/* Rows of int16 times a matrix of int8 whose rows are summed over: the products of matmul and of attention with values. */
#ifndef TFC_ROWS_H
#define TFC_ROWS_H

#include "tfc/simd.h"

/* acc[2][4] += pairs of two rows x two rows of four columns. */
TFC_INLINE void tfc_rows_pair(int32_t *acc, uint32_t first, uint32_t second, const int8_t *upper, const int8_t *lower) {
    uint32_t top = tfc_load(upper), bottom = tfc_load(lower);
    uint32_t top02 = tfc_sxtb16(top), top13 = tfc_sxtb16_8(top), bottom02 = tfc_sxtb16(bottom), bottom13 = tfc_sxtb16_8(bottom);
    uint32_t columns[4] = {tfc_pkhbt(top02, bottom02), tfc_pkhbt(top13, bottom13), tfc_pkhtb(top02, bottom02), tfc_pkhtb(top13, bottom13)};
    for (int32_t i = 0; i < 4; i++) {
        acc[i] = tfc_smlad(columns[i], first, acc[i]);
        acc[4 + i] = tfc_smlad(columns[i], second, acc[4 + i]);
    }
}

/* The same over k rows, `pitch` bytes apart. An odd last row is paired with itself: the int16 rows end in 0 there. */
TFC_INLINE void tfc_rows2x4(int32_t *acc, const uint32_t *first, const uint32_t *second, const int8_t *b, int32_t k, int32_t pitch) {
    for (; k > 1; k -= 2, b += 2 * pitch) tfc_rows_pair(acc, *first++, *second++, b, b + pitch);
    if (k) tfc_rows_pair(acc, *first, *second, b, b);
}

TFC_INLINE int32_t tfc_rows1x1(int32_t acc, const int16_t *row, const int8_t *b, int32_t k, int32_t pitch) {
    for (; k > 0; k--, b += pitch) acc = tfc_mla(*row++, *b, acc);
    return acc;
}

#endif
