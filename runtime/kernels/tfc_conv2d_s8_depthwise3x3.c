/* Depthwise 3 x 3 convolution (groups = channels = outputs) of stride 1 or 2, dilation 1.
 * w: [c, 3, 3] as it is.
 * scratch: see tfc/depthwise.h; the weights of a channel are six words.
 * Fast because a channel's weights stay in registers, and a block of 2 x 2 results takes 24 SMLAD beside which its loads issue. */
#include "tfc/blocks3x3.h"

TFC_INLINE void widen(uint32_t *to, const int8_t *w, int32_t stride) {
    for (int32_t row = 0; row < 3; row++, w += 3, to += 2) {
        uint32_t first = (uint32_t)w[0], second = (uint32_t)w[1], third = (uint32_t)w[2];
        to[0] = tfc_pkhbt(first, second);
        to[1] = stride == 1 ? tfc_pkhbt(second, third) : third & 0xffff;
    }
}

static void widen_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w) {
    if (f->stride_w == 1) widen(to, w, 1);
    else widen(to, w, 2);
}

void tfc_conv2d_s8_depthwise3x3(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    static const struct tfc_planes planes[] = {
        {widen_weights, tfc_blocks3x3_plain, tfc_blocks3x3_table, tfc_blocks3x3_sums, 6, 16},
        {widen_weights, tfc_blocks3x3_stride2_plain, tfc_blocks3x3_stride2_table, tfc_blocks3x3_stride2_sums, 6, 16},
    };
    tfc_depthwise(&planes[f->stride_w == 2], f, x, w, b, r, scratch, y);
}
