/* Maximum over windows.
 * x: [h, w, c], y: [out_h, out_w, c]; padding never wins.
 * No scratch.
 * Fast because SSUB8 and SEL compare four channels at once. */
#include "tfc/pool.h"

static void window(const struct tfc_pool2d *f, const int8_t *x, struct tfc_span rows, struct tfc_span columns, int8_t *y) {
    int32_t channel = 0;
    for (; channel + 4 <= f->c; channel += 4) {
        uint32_t top = 0x80808080u;
        const int8_t *row = x + channel;
        for (int32_t i = 0; i < rows.count; i++, row += f->w * f->c) {
            const int8_t *from = row;
            for (int32_t j = 0; j < columns.count; j++, from += f->c) top = tfc_max8(top, tfc_load(from));
        }
        tfc_store(y + channel, top);
    }
    for (; channel < f->c; channel++) {
        int8_t top = -128;
        for (int32_t i = 0; i < rows.count; i++) {
            for (int32_t j = 0; j < columns.count; j++) {
                int8_t value = x[(i * f->w + j) * f->c + channel];
                top = value > top ? value : top;
            }
        }
        y[channel] = top;
    }
}

void tfc_max_pool2d_s8(const struct tfc_pool2d *facts, const int8_t *x, int8_t *y) {
    const struct tfc_pool2d copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t row = 0; row < f->out_h; row++) {
        struct tfc_span rows = tfc_span_of(row * f->stride_h - f->pad_top, f->kernel_h, f->h);
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            struct tfc_span columns = tfc_span_of(column * f->stride_w - f->pad_left, f->kernel_w, f->w);
            window(f, x + (rows.first * f->w + columns.first) * f->c, rows, columns, y);
        }
    }
}
