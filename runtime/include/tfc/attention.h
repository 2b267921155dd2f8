/* What all kernels of attention share: where tokens lie, and how a sum becomes a result. */
#ifndef TFC_ATTENTION_H
#define TFC_ATTENTION_H

#include "tfc/kernels.h"
#include "tfc/reciprocal.h"
#include "tfc/simd.h"

TFC_INLINE int32_t tfc_place_of(const struct tfc_tokens *f, int32_t token, int32_t patch_y, int32_t patch_x, int32_t c) {
    int32_t row = token / f->row, column = token - row * f->row;
    return ((row * f->step_y + patch_y) * f->map_w + column * f->step_x + patch_x) * c;
}

/* The exponent of a score at this distance below the row's maximum. */
TFC_INLINE int32_t tfc_exponent(const int16_t *exponent, int32_t distance, uint32_t shift, int32_t multiplier) {
    return exponent[tfc_usat10(tfc_smmulr(tfc_shl(distance, shift), multiplier))];
}

TFC_INLINE int8_t tfc_mixed(const struct tfc_attention *f, int32_t acc, int32_t factor) {
    return (int8_t)tfc_clamp(tfc_smmlar(acc, factor, 256 * f->y_zero + 128) >> 8, f->lo, f->hi);
}

#endif
