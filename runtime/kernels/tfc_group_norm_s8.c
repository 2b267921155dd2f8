/* Norm over groups of channels and all axes but the first.
 * x, y: [batch, before, groups, channels, after]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because a group's sums run over its neighbours by quads; where channels lie last, so does its end. */
#include "tfc/norm.h"

static void group(const struct tfc_group_norm *f, const struct tfc_norm *norm, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after, step = f->groups * run, count = f->before * run;
    struct tfc_sums s = {0, 0};
    for (int32_t i = 0; i < f->before; i++) s = tfc_add_run(s, x + i * step, run);
    int32_t scale = tfc_shl(count, norm->a), offset = tfc_shl(-s.sum, norm->a), factor = tfc_norm_factor(norm, count, s.sum, s.squares);
    for (int32_t i = 0; i < f->before; i++, x += step, y += step) {
        if (f->after == 1) {
            tfc_normalise(norm, x, f->channels, scale, offset, factor, y);
            continue;
        }
        for (int32_t channel = 0; channel < f->channels; channel++) {
            const struct tfc_affine *affine = norm->affine + channel;
            for (int32_t j = channel * f->after; j < (channel + 1) * f->after; j++) {
                int32_t normal = tfc_smmulr(tfc_mla(x[j], scale, offset), factor);
                y[j] = tfc_cut(tfc_mla(normal, affine->gain, affine->offset) >> norm->s, 0, norm->lo, norm->hi);
            }
        }
    }
}

void tfc_group_norm_s8(const struct tfc_group_norm *f, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after;
    for (int32_t batch = 0; batch < f->batch; batch++, x += (f->before - 1) * f->groups * run, y += (f->before - 1) * f->groups * run) {
        struct tfc_norm norm = f->norm;
        for (int32_t i = 0; i < f->groups; i++, x += run, y += run, norm.affine += f->channels) group(f, &norm, x, y);
    }
}
