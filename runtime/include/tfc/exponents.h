/* What softmax and its logarithm share: the greatest of a row, and the sum of exponents of the distances to it. */
#ifndef TFC_EXPONENTS_H
#define TFC_EXPONENTS_H

#include "tfc/quads.h"

TFC_INLINE int32_t tfc_row_top(const int8_t *x, int32_t n) {
    uint32_t tops = 0x80808080u;
    int32_t top = -128;
    TFC_ROLLED for (; n >= 4; n -= 4, x += 4) tops = tfc_max8(tops, tfc_load(x));
    TFC_ROLLED for (; n > 0; n--, x++) top = *x > top ? *x : top;
    for (int32_t i = 0; i < 4; i++, tops >>= 8) top = (int8_t)(tops & 0xff) > top ? (int8_t)(tops & 0xff) : top;
    return top;
}

TFC_INLINE int32_t tfc_row_sum(const int16_t *exponent, int32_t top, const int8_t *x, int32_t n) {
    uint32_t tops = tfc_four_times(top);
    int32_t sum = 0;
    TFC_ROLLED for (; n >= 4; n -= 4, x += 4) {
        uint32_t down = tfc_usub8(tops, tfc_load(x));
        int32_t e0 = exponent[down & 0xff], e1 = exponent[down >> 8 & 0xff], e2 = exponent[down >> 16 & 0xff], e3 = exponent[down >> 24];
        sum += e0;
        sum += e1;
        sum += e2;
        sum += e3;
    }
    TFC_ROLLED for (; n > 0; n--) sum += exponent[top - *x++];
    return sum;
}

#endif
