/* Norm by the root of the mean square, over the last axis.
 * x, y: [rows, c]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because the zero point is taken off the sums, not off the elements. */
#include "tfc/norm.h"

void tfc_rms_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a), offset = tfc_shl(-f->zero * f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, x, f->c);
        int32_t squares = s.squares - 2 * f->zero * s.sum + f->c * f->zero * f->zero;
        tfc_normalise(&f->norm, x, f->c, scale, offset, tfc_norm_factor(&f->norm, f->c, 0, squares), y);
    }
}
