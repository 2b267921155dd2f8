/* Average over windows.
 * x: [h, w, c], y: [out_h, out_w, c]; multiplier[n] for n elements that are not padding.
 * No scratch. Padding that counts has one multiplier for all n.
 * Fast because SXTAB16 sums two channels at once, four channels a load, wherever the sums of a window fit 16 bits. */
#include "tfc/pool.h"
#include "tfc/result.h"

static int8_t cut(const struct tfc_pool2d *f, int32_t sum, int32_t n) {
    int32_t acc = tfc_shl(sum - n * f->x_zero, f->shift);
    return (int8_t)tfc_clamp(tfc_smmlar(acc, f->multiplier[n], f->zero), f->lo, f->hi);
}

static int32_t sum1(const struct tfc_pool2d *f, const int8_t *x, struct tfc_span rows, struct tfc_span columns) {
    int32_t sum = 0;
    for (int32_t i = 0; i < rows.count; i++, x += f->w * f->c) {
        for (int32_t j = 0; j < columns.count; j++) sum += x[j * f->c];
    }
    return sum;
}

static void window(const struct tfc_pool2d *f, const int8_t *x, struct tfc_span rows, struct tfc_span columns, int8_t *y) {
    int32_t n = rows.count * columns.count, channel = 0;
    for (; n < 256 && channel + 4 <= f->c; channel += 4) {
        uint32_t even = 0, odd = 0;
        const int8_t *row = x + channel;
        for (int32_t i = 0; i < rows.count; i++, row += f->w * f->c) {
            const int8_t *from = row;
            for (int32_t j = 0; j < columns.count; j++, from += f->c) {
                uint32_t quad = tfc_load(from);
                even = tfc_sxtab16(even, quad);
                odd = tfc_sxtab16_8(odd, quad);
            }
        }
        y[channel] = cut(f, (int16_t)(even & 0xffff), n);
        y[channel + 1] = cut(f, (int16_t)(odd & 0xffff), n);
        y[channel + 2] = cut(f, (int16_t)(even >> 16), n);
        y[channel + 3] = cut(f, (int16_t)(odd >> 16), n);
    }
    for (; channel < f->c; channel++) y[channel] = cut(f, sum1(f, x + channel, rows, columns), n);
}

void tfc_avg_pool2d_s8(const struct tfc_pool2d *facts, const int8_t *x, int8_t *y) {
    const struct tfc_pool2d copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t row = 0; row < f->out_h; row++) {
        struct tfc_span rows = tfc_span_of(row * f->stride_h - f->pad_top, f->kernel_h, f->h);
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            struct tfc_span columns = tfc_span_of(column * f->stride_w - f->pad_left, f->kernel_w, f->w);
            window(f, x + (rows.first * f->w + columns.first) * f->c, rows, columns, y);
        }
    }
}
