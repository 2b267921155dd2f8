/* Norms over groups of channels, of any type of elements: its size is a constant where they are inlined. */
#ifndef TFC_GROUP_NORM_H
#define TFC_GROUP_NORM_H

#include "tfc/norm.h"

/* One channel at a time where its elements are neighbours. */
TFC_APART void tfc_normalise_channels(const struct tfc_norm *f, int32_t bytes, int32_t channels, const struct tfc_runs *runs, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < channels; i++, x += runs->n * bytes, y += runs->n) tfc_normalise_as(f->affine + i, f->s, 0, bytes, runs, x, y);
}

TFC_INLINE void tfc_group(const struct tfc_group_norm *f, const struct tfc_norm *norm, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after, stride = f->groups * run, count = f->before * run;
    struct tfc_sums s = {0, 0};
    for (int32_t i = 0; i < f->before; i++) s = tfc_add_run(s, bytes, x + i * stride * bytes, run);
    struct tfc_runs runs = {f->before, f->after == 1 ? f->channels : f->after, stride, tfc_shl(count, norm->a), tfc_shl(-s.sum, norm->a),
                            tfc_norm_factor(norm, count, s.sum, s.squares)};
    if (f->after == 1) tfc_normalise(norm, bytes, &runs, x, y);
    else tfc_normalise_channels(norm, bytes, f->channels, &runs, x, y);
}

TFC_INLINE void tfc_group_norm(const struct tfc_group_norm *f, int32_t bytes, const int8_t *x, int8_t *y) {
    int32_t run = f->channels * f->after, others = (f->before - 1) * f->groups * run;
    for (int32_t batch = 0; batch < f->batch; batch++, x += others * bytes, y += others) {
        struct tfc_norm norm = f->norm;
        for (int32_t i = 0; i < f->groups; i++, x += run * bytes, y += run, norm.affine += f->channels) tfc_group(f, &norm, bytes, x, y);
    }
}

#endif
