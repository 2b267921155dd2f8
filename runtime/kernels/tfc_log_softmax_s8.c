/* Logarithm of softmax along the last axis.
 * x, y: [rows, n]; tables of exponents, of the logarithm's fraction (256) and of its octaves (32, by leading zeros).
 * No scratch.
 * Fast because a row costs two look-ups more than a sum of its elements. */
#include "tfc/result.h"

void tfc_log_softmax_s8(const struct tfc_log_softmax *facts, const int8_t *x, int8_t *y) {
    const struct tfc_log_softmax f = *facts; /* no store can change the copy */
    for (int32_t row = 0; row < f.rows; row++) {
        const int8_t *end = x + f.n, *from;
        int32_t top = -128, sum = 0;
        for (from = x; from != end; from++) top = *from > top ? *from : top;
        for (from = x; from != end; from++) sum += f.exponent[top - *from];
        uint32_t lead = tfc_clz((uint32_t)sum);
        int32_t logarithm = f.octave[lead] + f.fraction[(uint32_t)sum << lead >> 23 & 255];
        int32_t c = f.c - logarithm * f.log_multiplier - top * f.multiplier;
        for (; x != end; x++) *y++ = (int8_t)tfc_clamp((*x * f.multiplier + c) >> f.shift, f.lo, f.hi);
    }
}
