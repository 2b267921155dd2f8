/* Depthwise convolution (groups = channels = outputs) of 5 x 5 and 7 x 7 windows and stride 1 or 2, dilation 1.
 * w: [c, kernel_h, kernel_w] as it is.
 * scratch: see tfc/depthwise.h; the weights of a channel are as widen_weights makes them.
 * Fast because a block of 2 x 2 results has no loop inside, and its loads issue beside its SMLADs. */
#include "tfc/blocks_square.h"

/* For each two columns of the window, their taps from top to bottom. Of stride 1 they come twice, for even and odd results: (w0, w1) and
 * (0, w0), then (w2, w3) and (w1, w2). */
static void widen_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w) {
    int32_t taps = f->kernel_w, twice = f->stride_w == 1;
    for (int32_t kx = 0; kx < taps; kx += 2) {
        const int8_t *from = w + kx;
        for (int32_t ky = 0; ky < f->kernel_h; ky++, from += taps) {
            *to++ = tfc_pkhbt((uint32_t)from[0], kx + 1 < taps ? (uint32_t)from[1] : 0);
            if (twice) *to++ = tfc_pkhbt(kx > 0 ? (uint32_t)from[-1] : 0, (uint32_t)from[0]);
        }
    }
}

static void block5x5_stride2(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    tfc_block_of(a, x, w, bias, 2, 5, 3);
}

static void block7x7_stride2(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    tfc_block_of(a, x, w, bias, 2, 7, 4);
}

TFC_BLOCKS(blocks5x5_stride2, block5x5_stride2)
TFC_BLOCKS(blocks7x7_stride2, block7x7_stride2)

void tfc_conv2d_s8_depthwise_square(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    static const struct tfc_planes planes[2][2] = {
        {{widen_weights, tfc_blocks5x5_plain, tfc_blocks5x5_table, tfc_blocks5x5_sums, 30, 8},
         {widen_weights, blocks5x5_stride2_plain, blocks5x5_stride2_table, blocks5x5_stride2_sums, 15, 0}},
        {{widen_weights, tfc_blocks7x7_plain, tfc_blocks7x7_table, tfc_blocks7x7_sums, 56, 8},
         {widen_weights, blocks7x7_stride2_plain, blocks7x7_stride2_table, blocks7x7_stride2_sums, 28, 0}},
    };
    tfc_depthwise(&planes[f->kernel_w == 7][f->stride_w == 2], f, x, w, b, r, scratch, y);
}
