/* Means over one or two runs of axes, of any type of elements: its size is a constant where they are inlined. */
#ifndef TFC_MEAN_H
#define TFC_MEAN_H

#include "tfc/elements.h"
#include "tfc/result.h"

/* The sum of one element of the result. */
TFC_INLINE int32_t tfc_total(const struct tfc_mean *f, int32_t bytes, const int8_t *x) {
    int32_t sum = -f->n1 * f->n2 * f->x_zero;
    for (int32_t i = 0; i < f->n1; i++, x += f->middle * f->n2 * f->inner * bytes) {
        const int8_t *from = x;
        for (int32_t j = 0; j < f->n2; j++, from += f->inner * bytes) sum += tfc_get(from, bytes);
    }
    return sum;
}

/* Of four neighbours, widened together. */
TFC_INLINE void tfc_totals(const struct tfc_mean *f, int32_t bytes, const int8_t *x, int32_t *sum) {
    sum[0] = sum[1] = sum[2] = sum[3] = -f->n1 * f->n2 * f->x_zero;
    for (int32_t i = 0; i < f->n1; i++, x += f->middle * f->n2 * f->inner * bytes) {
        const int8_t *from = x;
        for (int32_t j = 0; j < f->n2; j++, from += f->inner * bytes) {
            struct tfc_pairs pairs = tfc_pairs_at(from, bytes);
            sum[0] = tfc_smlabb(pairs.even, 1, sum[0]);
            sum[1] = tfc_smlabb(pairs.odd, 1, sum[1]);
            sum[2] = tfc_smlatb(pairs.even, 1, sum[2]);
            sum[3] = tfc_smlatb(pairs.odd, 1, sum[3]);
        }
    }
}

TFC_INLINE void tfc_mean(const struct tfc_mean *facts, int32_t bytes, const int8_t *x, int8_t *y) {
    const struct tfc_mean copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->n1 * f->middle * f->n2 * f->inner * bytes) {
        for (int32_t middle = 0; middle < f->middle; middle++) {
            const int8_t *from = x + middle * f->n2 * f->inner * bytes;
            int32_t inner = 0;
            for (; inner + 4 <= f->inner; inner += 4) {
                int32_t sum[4];
                tfc_totals(f, bytes, from + inner * bytes, sum);
                for (int32_t i = 0; i < 4; i++) *y++ = tfc_requantized(&f->result, sum[i]);
            }
            for (; inner < f->inner; inner++) *y++ = tfc_requantized(&f->result, tfc_total(f, bytes, from + inner * bytes));
        }
    }
}

#endif
