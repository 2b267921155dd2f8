/* Norms over groups of channels, of any type of elements: its size is a constant where they are inlined. */
#ifndef TFC_GROUP_NORM_H
#define TFC_GROUP_NORM_H

#include "tfc/norm.h"

TFC_INLINE void tfc_group(const struct tfc_group_norm *f, const struct tfc_norm *norm, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after, step = f->groups * run, count = f->before * run;
    struct tfc_sums s = {0, 0};
    for (int32_t i = 0; i < f->before; i++) s = tfc_add_run(s, bytes, x + i * step * bytes, run);
    int32_t scale = tfc_shl(count, norm->a), offset = tfc_shl(-s.sum, norm->a), factor = tfc_norm_factor(norm, count, s.sum, s.squares);
    for (int32_t i = 0; i < f->before; i++, x += step * bytes, y += step) {
        if (f->after == 1) {
            tfc_normalise(norm, bytes, x, f->channels, scale, offset, factor, y);
            continue;
        }
        for (int32_t channel = 0; channel < f->channels; channel++) {
            const struct tfc_affine *affine = norm->affine + channel;
            for (int32_t j = channel * f->after; j < (channel + 1) * f->after; j++) {
                int32_t normal = tfc_smmulr(tfc_mla(tfc_get(x + j * bytes, bytes), scale, offset), factor);
                y[j] = tfc_cut(tfc_mla(normal, affine->gain, affine->offset) >> norm->s, 0, norm->lo, norm->hi);
            }
        }
    }
}

TFC_INLINE void tfc_group_norm(const struct tfc_group_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after, others = (f->before - 1) * f->groups * run;
    for (int32_t batch = 0; batch < f->batch; batch++, x += others * bytes, y += others) {
        struct tfc_norm norm = f->norm;
        for (int32_t i = 0; i < f->groups; i++, x += run * bytes, y += run, norm.affine += f->channels) tfc_group(f, &norm, bytes, x, y);
    }
}

#endif
