/* Multi-head attention with a constant int8 bias or mask on its scores, streamed over the query rows, two at a time.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * bias: distinct [queries, keys] or [1, keys]; scratch: see tfc/attention.h.
 * Fast for the same reason as tfc_attention_s8; the bias costs seven instructions a score. */
#include "tfc/attention_bias.h"

TFC_APART int32_t weigh(const struct tfc_attention *f, int32_t *score, uint32_t *pair, const struct tfc_bias *bias, const int8_t *bias_row) {
    return tfc_weigh_biased(f, score, pair, bias, bias_row, 1);
}

void tfc_attention_s8_bias_s8(const struct tfc_attention_bias *f, const int8_t *q, const int8_t *k, const int8_t *v, const int8_t *bias, void *scratch,
                              int8_t *y) {
    tfc_attend_all(&f->attention, q, k, v, &f->bias, bias, scratch, y, weigh);
}
