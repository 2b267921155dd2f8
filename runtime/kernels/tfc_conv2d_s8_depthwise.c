/* Depthwise convolution (groups = channels = outputs), horizontal stride 1 or 2, dilation 1, any window of up to 34 rows less a stride.
 * w: [c, kernel_h, kernel_w] as it is.
 * scratch: see tfc/depthwise.h; the weights of a channel are as widen_weights makes them.
 * Fast because in a plane neighbours are pairs: SMLAD takes two taps of a row, and weights shifted by one keep odd results aligned. */
#include "tfc/blocks_square.h"

/* For each pair of columns, its taps from top to bottom. Of stride 1 each is twice, for even and odd results: (w0, w1) and (0, w0), then
 * (w2, w3) and (w1, w2). */
static void widen_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w) {
    int32_t taps = f->kernel_w, odd = f->stride_w == 1;
    for (int32_t kx = 0; kx < taps + odd; kx += 2) {
        const int8_t *from = w + kx;
        for (int32_t ky = 0; ky < f->kernel_h; ky++, from += taps) {
            uint32_t before = kx > 0 ? (uint32_t)from[-1] : 0, here = kx < taps ? (uint32_t)from[0] : 0, next = kx + 1 < taps ? (uint32_t)from[1] : 0;
            *to++ = tfc_pkhbt(here, next);
            if (odd) *to++ = tfc_pkhbt(before, here);
        }
    }
}

#define WINDOW(NAME, STRIDE, DOWN, KERNEL_H, PAIRS) \
    TFC_INLINE void block##NAME(const struct tfc_conv2d *f, int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) { \
        (void)f; \
        tfc_block_of(a, x, w, bias, STRIDE, DOWN, KERNEL_H, PAIRS); \
    } \
    TFC_BLOCKS(plain##NAME, sums##NAME, block##NAME)

WINDOW(_stride1, 1, f->stride_h, f->kernel_h, f->kernel_w / 2 + 1)
WINDOW(_stride2, 2, f->stride_h, f->kernel_h, (f->kernel_w + 1) / 2)
WINDOW(5x5_stride2, 2, 2, 5, 3)
WINDOW(7x7_stride2, 2, 2, 7, 4)

static struct tfc_planes planes_of(const struct tfc_conv2d *f) {
    int32_t words = f->kernel_h * (f->stride_w == 1 ? 2 * (f->kernel_w / 2 + 1) : (f->kernel_w + 1) / 2);
    if (f->stride_w == 1) {
        if (f->kernel_h == 5 && f->kernel_w == 5 && f->stride_h == 1) return (struct tfc_planes){widen_weights, tfc_plain5x5, tfc_sums5x5, words};
        if (f->kernel_h == 7 && f->kernel_w == 7 && f->stride_h == 1) return (struct tfc_planes){widen_weights, tfc_plain7x7, tfc_sums7x7, words};
        return (struct tfc_planes){widen_weights, plain_stride1, sums_stride1, words};
    }
    if (f->kernel_h == 5 && f->kernel_w == 5 && f->stride_h == 2) return (struct tfc_planes){widen_weights, plain5x5_stride2, sums5x5_stride2, words};
    if (f->kernel_h == 7 && f->kernel_w == 7 && f->stride_h == 2) return (struct tfc_planes){widen_weights, plain7x7_stride2, sums7x7_stride2, words};
    return (struct tfc_planes){widen_weights, plain_stride2, sums_stride2, words};
}

void tfc_conv2d_s8_depthwise(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    struct tfc_planes planes = planes_of(f);
    tfc_depthwise(&planes, f, x, w, b, r, scratch, y);
}
