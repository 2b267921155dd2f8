/* Depthwise convolution (groups = channels = outputs), horizontal stride 1 or 2, dilation 1, any window.
 * w: [c, kernel_h, kernel_w] as it is.
 * scratch: four widened planes with their padding, 4 * rows * pitch * 2 bytes, then 8 * kernel_h * pairs bytes; see `shape`.
 * Fast because in a plane neighbours are pairs: SMLAD takes two taps of a row, and weights shifted by one keep odd outputs aligned. */
#include "tfc/kernels.h"
#include "tfc/result.h"

/* pairs: words that the taps of a row touch; rows x pitch int16: a plane, as far as the windows of whole blocks of four reach. */
struct shape {
    int32_t pairs, rows, pitch;
};

static struct shape shape_of(const struct tfc_conv2d *f) {
    int32_t pairs = f->stride_w == 1 ? f->kernel_w / 2 + 1 : (f->kernel_w + 1) / 2;
    int32_t blocks = (f->out_w + 3) & ~3;
    int32_t reach = (blocks - 1) * f->stride_w + 2 * pairs, map = f->pad_left + f->w;
    return (struct shape){pairs, (f->out_h - 1) * f->stride_h + f->kernel_h, ((reach > map ? reach : map) + 1) & ~1};
}

/* even[ky][pair] = (w0, w1), (w2, w3), ...; odd = (0, w0), (w1, w2), ... */
static void widen_weights(uint32_t *even, uint32_t *odd, const int8_t *w, int32_t rows, int32_t taps, int32_t pairs) {
    for (int32_t ky = 0; ky < rows; ky++, w += taps) {
        for (int32_t kx = 0; kx < 2 * pairs; kx += 2) {
            uint32_t before = kx > 0 ? (uint32_t)w[kx - 1] : 0, here = kx < taps ? (uint32_t)w[kx] : 0, next = kx + 1 < taps ? (uint32_t)w[kx + 1] : 0;
            *even++ = tfc_pkhbt(here, next);
            *odd++ = tfc_pkhbt(before, here);
        }
    }
}

/* Four channels of a row to four planes, `plane` int16 apart. */
static void widen_row4(int16_t *to, const int8_t *x, int32_t w, int32_t c, int32_t plane) {
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
TFC_INLINE void stride1(int32_t *acc, const uint32_t *x, const uint32_t *even, const uint32_t *odd, int32_t rows, int32_t pairs, int32_t words) {
    for (int32_t ky = 0; ky < rows; ky++, x += words, even += pairs, odd += pairs) {
        uint32_t here = x[0];
        for (int32_t j = 0; j < pairs; j++) {
            uint32_t next = x[j + 1];
            acc[0] = tfc_smlad(here, even[j], acc[0]);
            acc[1] = tfc_smlad(here, odd[j], acc[1]);
            acc[2] = tfc_smlad(next, even[j], acc[2]);
            acc[3] = tfc_smlad(next, odd[j], acc[3]);
            here = next;
        }
    }
}

TFC_INLINE void stride2(int32_t *acc, const uint32_t *x, const uint32_t *even, int32_t rows, int32_t pairs, int32_t words) {
    for (int32_t ky = 0; ky < rows; ky++, x += words, even += pairs) {
        for (int32_t j = 0; j < pairs; j++) {
            for (int32_t p = 0; p < 4; p++) acc[p] = tfc_smlad(x[j + p], even[j], acc[p]);
        }
    }
}

/* 3x3 and 5x5 windows get loops of constant length. */
TFC_INLINE void products(int32_t *acc, const struct tfc_conv2d *f, const uint32_t *x, const uint32_t *even, const uint32_t *odd, struct shape s) {
    int32_t words = s.pitch / 2;
    if (f->stride_w == 2) {
        if (s.pairs == 2) stride2(acc, x, even, f->kernel_h, 2, words);
        else stride2(acc, x, even, f->kernel_h, s.pairs, words);
    } else if (s.pairs == 2 && f->kernel_h == 3) {
        stride1(acc, x, even, odd, 3, 2, words);
    } else {
        stride1(acc, x, even, odd, f->kernel_h, s.pairs, words);
    }
}

static void convolve(const struct tfc_conv2d *f, const int16_t *plane, const uint32_t *even, const uint32_t *odd, struct shape s, int32_t channel,
                     int32_t b, const int8_t *r, int8_t *y) {
    struct tfc_offsets at = tfc_pixel_offsets(4, f->out);
    for (int32_t row = 0; row < f->out_h; row++, plane += f->stride_h * s.pitch) {
        for (int32_t column = 0; column < f->out_w; column += 4) {
            int32_t acc[4] = {b, b, b, b}, left = f->out_w - column, pixel = (row * f->out_w + column) * f->out;
            products(acc, f, (const void *)(plane + column * f->stride_w), even, odd, s);
            if (left >= 4) {
                tfc_end(&f->result, acc, 1, 4, channel, channel, at, r ? r + pixel : 0, y + pixel);
                continue;
            }
            for (int32_t p = 1; p < 4; p++) acc[p] = p < left ? acc[p] : acc[p - 1];
            tfc_end(&f->result, acc, 1, 4, channel, channel, tfc_pixel_offsets(left, f->out), r ? r + pixel : 0, y + pixel);
        }
    }
}

void tfc_conv2d_s8_depthwise(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, void *scratch, int8_t *y) {
    struct shape s = shape_of(f);
    int16_t *planes = scratch;
    int32_t plane = s.rows * s.pitch, taps = f->kernel_h * f->kernel_w;
    uint32_t *even = (uint32_t *)(planes + 4 * plane), *odd = even + f->kernel_h * s.pairs;
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
            widen_weights(even, odd, w + i * taps, f->kernel_h, f->kernel_w, s.pairs);
            convolve(f, planes + (i - channel) * plane, even, odd, s, i, b[i], r, y);
        }
    }
}
