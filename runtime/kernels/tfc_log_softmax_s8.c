/* Logarithm of softmax along the last axis.
 * x, y: [rows, n]; tables of exponents, of the logarithm's fraction (256) and of its octaves (32, by leading zeros).
 * No scratch.
 * Fast because a row costs two look-ups more than a sum of its elements, which are looked up by fours. */
#include "tfc/exponents.h"
#include "tfc/kernels.h"

void tfc_log_softmax_s8(const struct tfc_log_softmax *facts, const int8_t *x, int8_t *y) {
    const struct tfc_log_softmax f = *facts; /* no store can change the copy */
    for (int32_t row = 0; row < f.rows; row++) {
        int32_t top = tfc_row_top(x, f.n), sum = tfc_row_sum(f.exponent, top, x, f.n), n = f.n;
        uint32_t lead = tfc_clz((uint32_t)sum);
        int32_t logarithm = f.octave[lead] + f.fraction[(uint32_t)sum << lead >> 23 & 255];
        int32_t c = f.c - logarithm * f.log_multiplier - top * f.multiplier;
        TFC_ROLLED for (; n >= 4; n -= 4, x += 4, y += 4) {
            int32_t v[4];
            for (int32_t i = 0; i < 4; i++) v[i] = x[i];
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_mla(v[i], f.multiplier, c) >> f.shift;
            for (int32_t i = 0; i < 4; i++) y[i] = (int8_t)tfc_ssat8(v[i]);
        }
        TFC_ROLLED for (; n > 0; n--) *y++ = (int8_t)tfc_ssat8(tfc_mla(*x++, f.multiplier, c) >> f.shift);
    }
}
