/* Another size of a map by repeating and leaving out pixels.
 * x: [h, w, c], y: [out_h, out_w, c]; which row and column to take is told by two lists.
 * No scratch.
 * Fast because a pixel is copied by words. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_resize_nearest_s8(const struct tfc_resize *f, const int8_t *x, int8_t *y) {
    for (int32_t row = 0; row < f->out_h; row++) {
        for (int32_t column = 0; column < f->out_w; column++) {
            const int8_t *from = x + (f->row[row] * f->w + f->column[column]) * f->c;
            int32_t n = f->c;
            for (; n >= 4; n -= 4, from += 4, y += 4) tfc_store(y, tfc_load(from));
            for (; n > 0; n--) *y++ = *from++;
        }
    }
}
