/* Layer norm over the last axis.
 * x, y: [rows, c]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because both sums are SMLADs of quads, 64-bit work is done once a row, and an element costs two MLAs and one SMMULR. */
#include "tfc/norm.h"

void tfc_layer_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->norm.a);
    for (int32_t row = 0; row < f->rows; row++, x += f->c, y += f->c) {
        struct tfc_sums s = tfc_add_run((struct tfc_sums){0, 0}, x, f->c);
        tfc_normalise(&f->norm, x, f->c, scale, tfc_shl(-s.sum, f->norm.a), tfc_norm_factor(&f->norm, f->c, s.sum, s.squares), y);
    }
}
