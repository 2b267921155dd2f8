/* Multi-head attention, streamed over the query rows, two at a time.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch: see tfc/attention.h.
 * Fast because keys and values are read as words and widened beside the SMLADs of two rows, and nothing else is stored. */
#include "tfc/attention.h"

TFC_INLINE int32_t exponent_of(const struct tfc_attention *f, int32_t distance) {
    return f->exponent[tfc_usat10(tfc_smmulr(distance, f->multiplier))];
}

TFC_INLINE int32_t exponent_of_shifted(const struct tfc_attention *f, int32_t distance) {
    return exponent_of(f, tfc_shl(distance, f->shift));
}

TFC_APART int32_t weigh(const struct tfc_attention *f, int32_t *score, uint32_t *pair, const struct tfc_bias *bias, const int8_t *bias_row) {
    int32_t first = INT32_MIN, second = INT32_MIN;
    TFC_ROLLED for (const int32_t *s = score, *end = s + ((f->k.count + 1) & ~1); s != end; s += 2) {
        first = s[0] > first ? s[0] : first;
        second = s[1] > second ? s[1] : second;
    }
    int32_t top = first > second ? first : second;
    (void)bias, (void)bias_row;
    return f->shift == 0 ? tfc_weigh_row(f, top, score, pair, exponent_of) : tfc_weigh_row(f, top, score, pair, exponent_of_shifted);
}

void tfc_attention_s8(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y) {
    tfc_attend_all(f, q, k, v, 0, 0, scratch, y, weigh);
}
