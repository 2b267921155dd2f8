/* Maximum over windows.
 * x: [h, w, c], y: [out_h, out_w, c]; padding never wins.
 * No scratch: a window of more than four pixels compares them with what it wrote of the others.
 * Fast because SSUB8 and SEL compare four channels at once, of four pixels, in a loop over channels alone. */
#include "tfc/pool.h"

/* The greatest of four pixels of n channels; y may be the first, and pixels may be equal. */
TFC_APART void greatest(const int8_t *const at[4], int32_t n, int8_t *y) {
    const int8_t *a = at[0], *b = at[1], *c = at[2], *d = at[3];
    TFC_ROLLED for (; n >= 4; n -= 4, a += 4, b += 4, c += 4, d += 4, y += 4) {
        tfc_store(y, tfc_max8(tfc_max8(tfc_load(a), tfc_load(b)), tfc_max8(tfc_load(c), tfc_load(d))));
    }
    TFC_ROLLED for (; n > 0; n--) {
        int8_t ab = *a > *b ? *a : *b, cd = *c > *d ? *c : *d;
        *y++ = ab > cd ? ab : cd;
        a++, b++, c++, d++;
    }
}

static void window(const struct tfc_pool2d *f, const int8_t *x, int32_t rows, int32_t columns, int8_t *y) {
    int32_t pixel = f->c, line = f->w * f->c, known = 0;
    const int8_t *at[4] = {x, x + pixel, x + line, x + line + pixel};
    if (rows == 2 && columns == 2) {
        greatest(at, f->c, y);
        return;
    }
    for (int32_t i = 0; i < rows; i++, x += line) {
        for (int32_t j = 0; j < columns; j++) {
            at[known++] = x + j * pixel;
            if (known == 4) {
                greatest(at, f->c, y);
                at[0] = y;
                known = 1;
            }
        }
    }
    if (known == 1 && at[0] == y) return;
    for (; known < 4; known++) at[known] = at[0];
    greatest(at, f->c, y);
}

void tfc_max_pool2d_s8(const struct tfc_pool2d *facts, const int8_t *x, int8_t *y) {
    const struct tfc_pool2d copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t row = 0; row < f->out_h; row++) {
        struct tfc_span rows = tfc_span_of(row * f->stride_h - f->pad_top, f->kernel_h, f->h);
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            struct tfc_span columns = tfc_span_of(column * f->stride_w - f->pad_left, f->kernel_w, f->w);
            window(f, x + (rows.first * f->w + columns.first) * f->c, rows.count, columns.count, y);
        }
    }
}
