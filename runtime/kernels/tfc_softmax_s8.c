/* Softmax along the last axis.
 * x, y: [rows, n]; the table gives 15-bit exponents of the distance to the row's maximum.
 * No scratch: exponents are looked up twice.
 * Fast because a row costs one division, and four elements one word, whose distances one USUB8 finds. */
#include "tfc/exponents.h"
#include "tfc/kernels.h"
#include "tfc/reciprocal.h"

void tfc_softmax_s8(const struct tfc_softmax *facts, const int8_t *x, int8_t *y) {
    const struct tfc_softmax f = *facts; /* no store can change the copy */
    const int16_t *exponent = f.exponent;
    for (int32_t row = 0; row < f.rows; row++) {
        int32_t top = tfc_row_top(x, f.n), factor = tfc_reciprocal(tfc_row_sum(exponent, top, x, f.n), f.reciprocal), zero = f.zero + TFC_BIAS, n = f.n;
        uint32_t tops = tfc_four_times(top);
        TFC_ROLLED for (; n >= 4; n -= 4, x += 4, y += 4) {
            uint32_t down = tfc_usub8(tops, tfc_load(x));
            int32_t v[4] = {exponent[down & 0xff], exponent[down >> 8 & 0xff], exponent[down >> 16 & 0xff], exponent[down >> 24]};
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_smmlar(v[i], factor, zero);
            tfc_store(y, tfc_packed(v));
        }
        TFC_ROLLED for (; n > 0; n--) *y++ = (int8_t)tfc_ssat8(tfc_smmlar(exponent[top - *x++], factor, f.zero));
    }
}
