/* Another size of a map by linear interpolation.
 * x: [h, w, c], y: [out_h, out_w, c]; for each row and column of the result its two sources and the share of the second, in 1/256.
 * No scratch.
 * Fast because the four weights of a pixel serve all its channels. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_resize_bilinear_s8(const struct tfc_resize_bilinear *f, const int8_t *x, int8_t *y) {
    for (int32_t row = 0; row < f->out_h; row++) {
        const struct tfc_taps *r = f->rows + row;
        const int8_t *above = x + r->first * f->w * f->c, *below = x + r->second * f->w * f->c;
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            const struct tfc_taps *t = f->columns + column;
            const int8_t *const at[4] = {above + t->first * f->c, above + t->second * f->c, below + t->first * f->c, below + t->second * f->c};
            int32_t top = 256 - r->share, left = 256 - t->share;
            for (int32_t i = 0; i < f->c; i++) {
                int32_t upper = at[0][i] * left + at[1][i] * t->share, lower = at[2][i] * left + at[3][i] * t->share;
                y[i] = (int8_t)tfc_clamp((upper * top + lower * r->share + (1 << 15)) >> 16, f->lo, f->hi);
            }
        }
    }
}
