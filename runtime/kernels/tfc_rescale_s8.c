/* The same value under another quantization: rescale, and the operands of concat whose quantization differs.
 * x: [rows, n]; y: rows of n elements, y_row apart.
 * No scratch.
 * Fast because an element is one MLA and one saturation. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_rescale_s8(const struct tfc_rescale *f, const int8_t *x, int8_t *y) {
    for (int32_t row = 0; row < f->rows; row++, x += f->n, y += f->y_row) {
        for (int32_t i = 0; i < f->n; i++) y[i] = (int8_t)tfc_clamp(tfc_mla(x[i], f->multiplier, f->c) >> f->shift, f->lo, f->hi);
    }
}
