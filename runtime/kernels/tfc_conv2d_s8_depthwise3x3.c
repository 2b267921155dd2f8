/* Depthwise 3 x 3 convolution (groups = channels = outputs) of stride 1, dilation 1.
 * w: [c, 3, 3] as it is.
 * scratch: see tfc/depthwise.h; the weights of a channel are six words.
 * Fast because a channel's weights stay in registers, and a block of 2 x 2 results takes 24 SMLAD and eight loads that issue beside them. */
#include "tfc/blocks3x3.h"

static void widen_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w) {
    (void)f;
    for (int32_t row = 0; row < 3; row++, w += 3) *to++ = tfc_pkhbt((uint32_t)w[0], (uint32_t)w[1]), *to++ = tfc_pkhbt((uint32_t)w[1], (uint32_t)w[2]);
}

void tfc_conv2d_s8_depthwise3x3(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    tfc_depthwise(&(struct tfc_planes){widen_weights, tfc_plain3x3, tfc_sums3x3, 6}, f, x, w, b, r, scratch, y);
}
