/* Norm over groups of channels and all axes but the first, of int16.
 * x, y: [batch, before, groups, channels, after], y int8; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because a group's sums run over its neighbours by quads; where channels lie last, so does its end. */
#include "tfc/group_norm.h"

void tfc_group_norm_s16(const struct tfc_group_norm *f, const int16_t *x, int8_t *y) {
    tfc_group_norm(f, 2, (const int8_t *)x, y);
}
