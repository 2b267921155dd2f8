/* The same value under another quantization: rescale, and the operands of concat whose quantization differs.
 * x: [rows, n]; y: rows of n elements, y_row apart.
 * No scratch.
 * Fast because an element is one MLA and one saturation. */
#include "tfc/result.h"

TFC_INLINE void rescale(const struct tfc_rescale *facts, int full, const int8_t *x, int8_t *y) {
    const struct tfc_rescale f = *facts; /* no store can change the copy */
    for (int32_t row = 0; row < f.rows; row++, y += f.y_row - f.n) {
        for (const int8_t *end = x + f.n; x != end; x++) *y++ = tfc_cut(tfc_mla(*x, f.multiplier, f.c) >> f.shift, full, f.lo, f.hi);
    }
}

void tfc_rescale_s8(const struct tfc_rescale *f, const int8_t *x, int8_t *y) {
    if (tfc_is_full(f->lo, f->hi)) rescale(f, 1, x, y);
    else rescale(f, 0, x, y);
}
