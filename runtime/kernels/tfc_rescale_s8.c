/* The same value under another quantization: rescale, and the operands of concat whose quantization differs.
 * x: [rows, n]; y: rows of n elements, y_row apart.
 * No scratch.
 * Fast because an element is one MLA and one saturation. */
#include "tfc/rescale.h"

void tfc_rescale_s8(const struct tfc_rescale *f, const void *x, void *y) {
    tfc_rescale(f, 1, 1, x, y);
}
