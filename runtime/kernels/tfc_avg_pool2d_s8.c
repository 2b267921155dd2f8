/* Average over windows.
 * x: [h, w, c], y: [out_h, out_w, c]; multiplier[n] for n elements that are not padding.
 * No scratch. Padding that counts has one multiplier for all n.
 * Fast because SXTAB16 sums two channels at once, four channels a load; windows of 2 x 2 and 3 x 3 are no loops. */
#include "tfc/pool.h"
#include "tfc/quads.h"

static int8_t cut(const struct tfc_pool2d *f, int32_t sum, int32_t n) {
    return (int8_t)tfc_ssat8(tfc_smmlar(tfc_shl(sum - n * f->x_zero, f->shift), f->multiplier[n], f->zero));
}

/* Quads of channels; sums of up to 255 elements fit 16 bits. */
TFC_INLINE int32_t quads(const struct tfc_pool2d *f, const int8_t *x, int32_t rows, int32_t columns, int8_t *y) {
    int32_t pixel = f->c, line = f->w * f->c, shift = f->shift, m = f->multiplier[rows * columns], zero = f->zero, channel = 0;
    int32_t start = tfc_shl(-rows * columns * f->x_zero, shift);
    uint32_t one = tfc_pkhbt(1u << shift, 0);
    for (; channel + 4 <= pixel; channel += 4) {
        uint32_t even = 0, odd = 0;
        const int8_t *row = x + channel;
        for (int32_t i = 0; i < rows; i++, row += line) {
            const int8_t *from = row;
            for (int32_t j = 0; j < columns; j++, from += pixel) {
                uint32_t quad = tfc_load(from);
                even = tfc_sxtab16(even, quad);
                odd = tfc_sxtab16_8(odd, quad);
            }
        }
        int32_t v[4] = {tfc_smlabb(even, one, start), tfc_smlabb(odd, one, start), tfc_smlatb(even, one, start), tfc_smlatb(odd, one, start)};
        for (int32_t i = 0; i < 4; i++) y[channel + i] = (int8_t)tfc_ssat8(tfc_smmlar(v[i], m, zero));
    }
    return channel;
}

static int32_t sum1(const struct tfc_pool2d *f, const int8_t *x, int32_t rows, int32_t columns) {
    int32_t sum = 0;
    for (int32_t i = 0; i < rows; i++, x += f->w * f->c) {
        for (int32_t j = 0; j < columns; j++) sum += x[j * f->c];
    }
    return sum;
}

TFC_APART void window(const struct tfc_pool2d *f, const int8_t *x, int32_t rows, int32_t columns, int8_t *y) {
    int32_t n = rows * columns, channel = 0;
    if (f->shift < 15) {
        if (rows == 2 && columns == 2) channel = quads(f, x, 2, 2, y);
        else if (rows == 3 && columns == 3) channel = quads(f, x, 3, 3, y);
        else if (n < 256 && columns == f->w) channel = quads(f, x, 1, n, y);
        else if (n < 256) channel = quads(f, x, rows, columns, y);
    }
    for (; channel < f->c; channel++) y[channel] = cut(f, sum1(f, x + channel, rows, columns), n);
}

void tfc_avg_pool2d_s8(const struct tfc_pool2d *f, const int8_t *x, int8_t *y) {
    for (int32_t row = 0; row < f->out_h; row++) {
        struct tfc_span rows = tfc_span_of(row * f->stride_h - f->pad_top, f->kernel_h, f->h);
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            struct tfc_span columns = tfc_span_of(column * f->stride_w - f->pad_left, f->kernel_w, f->w);
            window(f, x + (rows.first * f->w + columns.first) * f->c, rows.count, columns.count, y);
        }
    }
}
