/* Columns of a strip by twos, from int8.
 * x: c channels of each column. Of n columns, n > 4, n - 4 words are made: word j holds the columns j and j + 4; of fewer columns one word each.
 * strip: the words of the first column; see tfc/strip.h.
 * Fast because two columns take one addition, of which the second operand is shifted. */
#include "tfc/strip.h"

TFC_INLINE uint32_t two(uint32_t low, uint32_t high, int32_t bit) {
    return (uint32_t)(int8_t)(low >> bit) + ((uint32_t)(int8_t)(high >> bit) << TFC_HALF);
}

TFC_APART void widen_word(uint32_t *strip, const int8_t *x, const int8_t *y, int32_t quads) {
    TFC_ROLLED for (; quads > 0; quads--, x += 4, y += 4, strip += TFC_QUAD_WORDS) {
        uint32_t low = tfc_load(x), high = tfc_load(y);
        uint32_t a = two(low, high, 0), b = two(low, high, 8), c = two(low, high, 16), d = two(low, high, 24);
        strip[0] = a, strip[TFC_TWOS_PITCH] = b, strip[2 * TFC_TWOS_PITCH] = c, strip[3 * TFC_TWOS_PITCH] = d;
    }
}

void tfc_widen_twos_s8(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c) {
    int32_t words = columns > 4 ? columns - 4 : columns;
    for (int32_t j = 0; j < words; j++) {
        const int8_t *low = x[j], *high = x[columns > 4 ? j + 4 : j];
        uint32_t *rest = strip + (c >> 2) * TFC_QUAD_WORDS + j;
        widen_word(strip + j, low, high, c >> 2);
        for (int32_t i = c & ~3; i < c; i++, rest += TFC_TWOS_PITCH) *rest = two((uint8_t)low[i], (uint8_t)high[i], 0);
    }
}
