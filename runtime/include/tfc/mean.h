/* Means over one or two runs of axes, of any type of elements: its size is a constant where they are inlined. */
#ifndef TFC_MEAN_H
#define TFC_MEAN_H

#include "tfc/quads.h"
#include "tfc/result.h"

/* Adds n elements, `step` elements apart. */
TFC_INLINE int32_t tfc_add_total(int32_t sum, int32_t bytes, const int8_t *x, int32_t step, int32_t n) {
    for (; step == 1 && n >= 4; n -= 4, x += 4 * bytes) {
        struct tfc_quad quad = tfc_quad_at(x, bytes);
        sum = tfc_smlad(quad.word[1], 0x00010001, tfc_smlad(quad.word[0], 0x00010001, sum));
    }
    for (; n > 0; n--, x += step * bytes) sum += tfc_get(x, bytes);
    return sum;
}

/* Adds n quads, `step` elements apart. int8 are summed in halves of words, which hold 255 of them. */
TFC_INLINE void tfc_add_totals(int32_t *sum, int32_t bytes, const int8_t *x, int32_t step, int32_t n) {
    for (int32_t some; bytes == 1 && n > 0; n -= some) {
        struct tfc_quad quad = {{0, 0}};
        some = n < 255 ? n : 255;
        for (int32_t i = 0; i < some; i++, x += step) {
            uint32_t word = tfc_load(x);
            quad = (struct tfc_quad){{tfc_sxtab16(quad.word[0], word), tfc_sxtab16_8(quad.word[1], word)}};
        }
        for (int32_t i = 0; i < 4; i++) sum[i] = tfc_quad_mla(quad, 1, i, 1, sum[i]);
    }
    int32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
    for (; bytes == 2 && n > 0; n--, x += 2 * step) {
        struct tfc_quad quad = tfc_quad_at(x, 2);
        s0 = tfc_quad_mla(quad, 2, 0, 1, s0);
        s1 = tfc_quad_mla(quad, 2, 1, 1, s1);
        s2 = tfc_quad_mla(quad, 2, 2, 1, s2);
        s3 = tfc_quad_mla(quad, 2, 3, 1, s3);
    }
    if (bytes == 2) sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

TFC_INLINE void tfc_mean(const struct tfc_mean *facts, int32_t bytes, const int8_t *x, int8_t *y) {
    const struct tfc_mean copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->n1 * f->middle * f->n2 * f->inner * bytes) {
        for (int32_t middle = 0; middle < f->middle; middle++) {
            const int8_t *from = x + middle * f->n2 * f->inner * bytes;
            int32_t inner = 0, start = -f->n1 * f->n2 * f->x_zero, line = f->middle * f->n2 * f->inner * bytes;
            for (; inner + 4 <= f->inner; inner += 4) {
                int32_t sum[4] = {start, start, start, start};
                for (int32_t i = 0; i < f->n1; i++) tfc_add_totals(sum, bytes, from + inner * bytes + i * line, f->inner, f->n2);
                for (int32_t i = 0; i < 4; i++) *y++ = tfc_requantized(&f->result, sum[i]);
            }
            for (; inner < f->inner; inner++) {
                int32_t sum = start;
                for (int32_t i = 0; i < f->n1; i++) sum = tfc_add_total(sum, bytes, from + inner * bytes + i * line, f->inner, f->n2);
                *y++ = tfc_requantized(&f->result, sum);
            }
        }
    }
}

#endif
