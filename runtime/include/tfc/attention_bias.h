/* Scores with a bias: they are counted in steps of the exponent table, the bias is added, and what it masks goes far below. */
#ifndef TFC_ATTENTION_BIAS_H
#define TFC_ATTENTION_BIAS_H

#include "tfc/attention_panels.h"

#define TFC_FAR (-0x40000000)

/* A score in steps of the table, with an element of its row of the bias. */
TFC_INLINE int32_t tfc_lifted(int32_t score, int32_t bias, int32_t step, uint32_t shift, int32_t multiplier, int32_t mask) {
    int32_t sum = tfc_mla(bias, step, tfc_smmulr(tfc_shl(score, shift), multiplier));
    return bias == mask ? TFC_FAR : sum;
}

TFC_INLINE int32_t tfc_bias_at(const void *row, int32_t i, int wide) {
    return wide ? ((const int16_t *)row)[i] : ((const int8_t *)row)[i];
}

/* Lifts the scores of a row, whose bias is int16 or int8; returns their maximum. */
TFC_INLINE int32_t tfc_lift(const struct tfc_attention *f, int32_t *score, const struct tfc_bias *bias, const int8_t *row, int wide) {
    int32_t top = TFC_FAR, step = bias->step, m = f->multiplier, mask = wide ? -32768 : -128, left = f->k.count;
    uint32_t shift = f->shift;
    for (; left >= 4; left -= 4, score += 8, row += wide ? 8 : 4) {
        for (int32_t i = 0; i < 4; i++) {
            int32_t t = tfc_lifted(score[i], tfc_bias_at(row, i, wide), step, shift, m, mask);
            score[i] = t;
            top = t > top ? t : top;
        }
    }
    for (int32_t i = 0; i < left; i++) {
        score[i] = tfc_lifted(score[i], tfc_bias_at(row, i, wide), step, shift, m, mask);
        top = score[i] > top ? score[i] : top;
    }
    return top;
}

/* The exponent so many steps of the table below the row's maximum. */
TFC_INLINE int32_t tfc_exponent_below(const struct tfc_attention *f, int32_t steps) {
    return f->exponent[tfc_usat10(steps)];
}

/* As tfc_weigh. */
TFC_INLINE int32_t tfc_weigh_biased(const struct tfc_attention *f, int32_t *score, uint32_t *weight, const struct tfc_bias *bias, const int8_t *row, int wide) {
    int32_t top = tfc_lift(f, score, bias, row, wide);
    return tfc_pair_exponents(f, top, score, weight, tfc_exponent_below);
}

#endif
