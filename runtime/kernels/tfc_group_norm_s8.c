/* Norm over groups of channels and all axes but the first.
 * x, y: [batch, before, groups, channels, after]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because a group's sums run over its neighbours by quads; where channels lie last, so does its end. */
#include "tfc/group_norm.h"

void tfc_group_norm_s8(const struct tfc_group_norm *f, const int8_t *x, int8_t *y) {
    tfc_group_norm(f, 1, x, y);
}
