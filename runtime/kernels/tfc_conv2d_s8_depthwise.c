/* Depthwise convolution (groups = channels = outputs), horizontal stride 1 or 2, dilation 1, any window.
 * w: [c, kernel_h, kernel_w] as it is.
 * scratch, see `shape`: four widened planes with padding, weights, four rows of sums: 8 * rows * pitch + 8 * kernel_h * pairs + 16 * blocks bytes.
 * Fast because in a plane neighbours are pairs: SMLAD takes two taps of a row, and weights shifted by one keep odd outputs aligned. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

enum { ROWS = 4 };

/* pairs: words that the taps of a row touch; blocks: a row of outputs, rounded up to blocks of four;
 * rows x pitch int16: a plane, as far as the windows of these blocks reach. */
struct shape {
    int32_t pairs, rows, pitch, blocks;
};

static struct shape shape_of(const struct tfc_conv2d *f) {
    int32_t pairs = f->stride_w == 1 ? f->kernel_w / 2 + 1 : (f->kernel_w + 1) / 2;
    int32_t blocks = (f->out_w + 3) & ~3;
    int32_t reach = (blocks - 1) * f->stride_w + 2 * pairs, map = f->pad_left + f->w;
    return (struct shape){pairs, (f->out_h - 1) * f->stride_h + f->kernel_h, ((reach > map ? reach : map) + 1) & ~1, blocks};
}

/* For each row of taps and each pair, weights for even outputs, (w0, w1), (w2, w3), ..., and for odd ones, (0, w0), (w1, w2), ... */
static void widen_weights(uint32_t *to, const int8_t *w, int32_t rows, int32_t taps, int32_t pairs) {
    for (int32_t ky = 0; ky < rows; ky++, w += taps) {
        for (int32_t kx = 0; kx < 2 * pairs; kx += 2) {
            uint32_t before = kx > 0 ? (uint32_t)w[kx - 1] : 0, here = kx < taps ? (uint32_t)w[kx] : 0, next = kx + 1 < taps ? (uint32_t)w[kx + 1] : 0;
            *to++ = tfc_pkhbt(here, next);
            *to++ = tfc_pkhbt(before, here);
        }
    }
}

/* Four channels of a row to four planes, `plane` int16 apart. */
TFC_APART void widen_row4(int16_t *to, const int8_t *x, int32_t w, int32_t c, int32_t plane) {
    for (; w > 1; w -= 2, to += 2, x += 2 * c) {
        uint32_t left = tfc_load(x), right = tfc_load(x + c);
        uint32_t left02 = tfc_sxtb16(left), left13 = tfc_sxtb16_8(left), right02 = tfc_sxtb16(right), right13 = tfc_sxtb16_8(right);
        tfc_store(to, tfc_pkhbt(left02, right02));
        tfc_store(to + plane, tfc_pkhbt(left13, right13));
        tfc_store(to + 2 * plane, tfc_pkhtb(left02, right02));
        tfc_store(to + 3 * plane, tfc_pkhtb(left13, right13));
    }
    if (w) {
        for (int32_t i = 0; i < 4; i++) to[i * plane] = x[i];
    }
}

static void widen_row1(int16_t *to, const int8_t *x, int32_t w, int32_t c) {
    for (; w > 0; w--, x += c) *to++ = *x;
}

/* Four neighbouring outputs with stride 1: outputs 0 and 1 share their words, and 2 and 3 the words one further. */
TFC_INLINE void stride1(int32_t *acc, const uint32_t *x, const uint32_t *w, int32_t rows, int32_t pairs, int32_t words) {
    for (int32_t ky = 0; ky < rows; ky++, x += words, w += 2 * pairs) {
        uint32_t here = x[0];
        for (int32_t j = 0; j < pairs; j++) {
            uint32_t next = x[j + 1], even = w[2 * j], odd = w[2 * j + 1];
            acc[0] = tfc_smlad(here, even, acc[0]);
            acc[1] = tfc_smlad(here, odd, acc[1]);
            acc[2] = tfc_smlad(next, even, acc[2]);
            acc[3] = tfc_smlad(next, odd, acc[3]);
            here = next;
        }
    }
}

TFC_INLINE void stride2(int32_t *acc, const uint32_t *x, const uint32_t *w, int32_t rows, int32_t pairs, int32_t words) {
    for (int32_t ky = 0; ky < rows; ky++, x += words, w += 2 * pairs) {
        for (int32_t j = 0; j < pairs; j++) {
            for (int32_t p = 0; p < 4; p++) acc[p] = tfc_smlad(x[j + p], w[2 * j], acc[p]);
        }
    }
}

/* Some rows of sums, from inputs `step` words apart; `stride`, `kernel_h` and `pairs` are constants where windows are frequent. */
TFC_INLINE void convolve(int32_t *sums, const uint32_t *x, const uint32_t *w, struct shape s, int32_t n, int32_t step, int32_t b, int32_t stride,
                         int32_t kernel_h, int32_t pairs) {
    for (; n > 0; n--, x += step) {
        const uint32_t *from = x;
        for (int32_t *end = sums + s.blocks; sums != end; sums += 4, from += 2 * stride) {
            int32_t acc[4] = {b, b, b, b};
            if (stride == 1) stride1(acc, from, w, kernel_h, pairs, s.pitch / 2);
            else stride2(acc, from, w, kernel_h, pairs, s.pitch / 2);
            for (int32_t p = 0; p < 4; p++) sums[p] = acc[p];
        }
    }
}

TFC_APART void convolve3x3(int32_t *sums, const uint32_t *x, const uint32_t *w, struct shape s, int32_t n, int32_t step, int32_t b) {
    convolve(sums, x, w, s, n, step, b, 1, 3, 2);
}

TFC_APART void convolve3x3_stride2(int32_t *sums, const uint32_t *x, const uint32_t *w, struct shape s, int32_t n, int32_t step, int32_t b) {
    convolve(sums, x, w, s, n, step, b, 2, 3, 2);
}

TFC_APART void convolve_any(int32_t *sums, const uint32_t *x, const uint32_t *w, struct shape s, int32_t n, int32_t step, int32_t b, int32_t stride,
                            int32_t kernel_h) {
    if (stride == 1) convolve(sums, x, w, s, n, step, b, 1, kernel_h, s.pairs);
    else convolve(sums, x, w, s, n, step, b, 2, kernel_h, s.pairs);
}

/* A plane, ROWS rows at a time: enough that calls do not count. */
static void convolve_plane(const struct tfc_conv2d *f, const int16_t *plane, const uint32_t *w, struct shape s, int32_t channel, int32_t b,
                           const void *r, int32_t *sums, void *y) {
    struct tfc_walk at = {.n = f->out_w, .pitch = s.blocks, .row = f->out_w * f->out, .step = f->out, .channel = channel};
    int32_t step = f->stride_h * s.pitch / 2, is3x3 = f->kernel_h == 3 && f->kernel_w == 3;
    for (int32_t row = 0; row < f->out_h; row += ROWS) {
        const uint32_t *x = (const uint32_t *)(const void *)plane + row * step;
        int32_t n = f->out_h - row < ROWS ? f->out_h - row : ROWS;
        if (is3x3 && f->stride_w == 1) convolve3x3(sums, x, w, s, n, step, b);
        else if (is3x3) convolve3x3_stride2(sums, x, w, s, n, step, b);
        else convolve_any(sums, x, w, s, n, step, b, f->stride_w, f->kernel_h);
        at.rows = n, at.first = row * at.row + channel;
        f->result.end(&f->result, &at, sums, r, y);
    }
}

void tfc_conv2d_s8_depthwise(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    struct shape s = shape_of(f);
    int16_t *planes = scratch;
    int32_t plane = s.rows * s.pitch, taps = f->kernel_h * f->kernel_w;
    uint32_t *weights = (uint32_t *)(planes + 4 * plane);
    int32_t *sums = (int32_t *)(weights + 2 * f->kernel_h * s.pairs);
    for (int32_t i = 0; i < 4 * plane; i++) planes[i] = (int16_t)f->zero;
    for (int32_t channel = 0; channel < f->c; channel += 4) {
        int32_t channels = f->c - channel < 4 ? f->c - channel : 4;
        for (int32_t row = 0; row < f->h && row + f->pad_top < s.rows; row++) {
            int16_t *to = planes + (row + f->pad_top) * s.pitch + f->pad_left;
            const int8_t *from = x + row * f->w * f->c + channel;
            if (channels == 4) widen_row4(to, from, f->w, f->c, plane);
            else for (int32_t i = 0; i < channels; i++) widen_row1(to + i * plane, from + i, f->w, f->c);
        }
        for (int32_t i = channel; i < channel + channels; i++) {
            widen_weights(weights, w + i * taps, f->kernel_h, f->kernel_w, s.pairs);
            convolve_plane(f, planes + (i - channel) * plane, weights, s, i, b[i], r, sums, y);
        }
    }
}
