/* Layer norm over the last axis.
 * x, y: [rows, c]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because both sums are SMLADs of quads, 64-bit work is done once a row, and an element costs two MLAs and one SMMULR. */
#include "tfc/norm.h"

void tfc_layer_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y) {
    tfc_layer_norm(f, 1, x, y);
}
