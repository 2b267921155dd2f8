/* Multi-head attention, two query rows at a time over widened k and v.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch: see tfc/attention_panels.h.
 * Fast because k and v of a head become panels once, and both products then need nothing but words and SMLADs. */
#include "tfc/attention_panels.h"

TFC_INLINE int32_t exponent_of(const struct tfc_attention *f, int32_t distance) {
    return tfc_exponent(f->exponent, distance, f->shift, f->multiplier);
}

TFC_APART int32_t weigh(const struct tfc_attention *f, int32_t *score, uint32_t *weight, const struct tfc_bias *bias, const int8_t *bias_row) {
    int32_t top = INT32_MIN;
    for (const int32_t *s = score, *end = s + 2 * tfc_fours(f->k.count); s != end; s += 8) {
        for (int32_t i = 0; i < 4; i++) top = s[i] > top ? s[i] : top;
    }
    (void)bias, (void)bias_row;
    return tfc_pair_exponents(f, top, score, weight, exponent_of);
}

void tfc_attention_s8_panels(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y) {
    tfc_attend_all(f, q, k, v, 0, 0, scratch, y, weigh);
}
