/* The same value under another quantization, from or to int16: rescale, and operands of concat.
 * x: [rows, n]; y: rows of n elements, y_row apart; the sizes of their elements are facts.
 * No scratch.
 * Fast because an element is one MLA and one saturation. */
#include "tfc/rescale.h"

void tfc_rescale_s16(const struct tfc_rescale *f, const void *x, void *y) {
    if (f->x_bytes == 1) tfc_rescale(f, 1, 2, x, y);
    else if (f->y_bytes == 1) tfc_rescale(f, 2, 1, x, y);
    else tfc_rescale(f, 2, 2, x, y);
}
