/* Scores with a bias: they are counted in steps of the exponent table, the bias is added, and what it masks goes far below. */
#ifndef TFC_ATTENTION_BIAS_H
#define TFC_ATTENTION_BIAS_H

#include "tfc/attention.h"
#include "tfc/elements.h"

#define TFC_FAR (-0x40000000)

/* A score in steps of the table, with an element of its row of the bias. */
TFC_INLINE int32_t tfc_lifted(int32_t score, int32_t bias, int32_t step, uint32_t shift, int32_t multiplier, int32_t mask) {
    int32_t sum = tfc_mla(bias, step, tfc_smmulr(tfc_shl(score, shift), multiplier));
    return bias == mask ? TFC_FAR : sum;
}

/* Lifts the scores of a row, whose bias has `bytes` bytes each; returns their maximum. */
TFC_INLINE int32_t tfc_lift(const struct tfc_attention *f, int32_t *score, int32_t step, const int8_t *row, int32_t bytes) {
    int32_t top = TFC_FAR, m = f->multiplier, mask = bytes == 2 ? -32768 : -128, left = f->k.count;
    uint32_t shift = f->shift;
    for (; left >= 2; left -= 2, score += 2, row += 2 * bytes) {
        int32_t first = tfc_lifted(score[0], tfc_get(row, bytes), step, shift, m, mask);
        int32_t second = tfc_lifted(score[1], tfc_get(row + bytes, bytes), step, shift, m, mask);
        score[0] = first, score[1] = second;
        top = first > top ? first : top;
        top = second > top ? second : top;
    }
    if (left > 0) {
        score[0] = tfc_lifted(score[0], tfc_get(row, bytes), step, shift, m, mask);
        top = score[0] > top ? score[0] : top;
    }
    return top;
}

/* The distance is counted in steps of the table. */
TFC_INLINE int32_t tfc_exponent_below(const struct tfc_attention *f, int32_t steps) {
    return f->exponent[tfc_usat10(steps)];
}

/* As tfc_weigh. */
TFC_INLINE int32_t tfc_weigh_biased(const struct tfc_attention *f, int32_t *score, uint32_t *pair, const struct tfc_bias *bias, const int8_t *row, int32_t bytes) {
    return tfc_weigh_row(f, tfc_lift(f, score, bias->step, row, bytes), score, pair, tfc_exponent_below);
}

#endif
