/* From accumulators to results by one multiplier, and the clamps of all kernels. */
#ifndef TFC_RESULT_H
#define TFC_RESULT_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

/* Whether a clamp is but that of int8, which one SSAT does: loops ask once and come in two kinds. */
TFC_INLINE int tfc_is_full(int32_t lo, int32_t hi) {
    return lo == -128 && hi == 127;
}

/* `full` is a constant wherever this is inlined. */
TFC_INLINE int8_t tfc_cut(int32_t v, int full, int32_t lo, int32_t hi) {
    return (int8_t)(full ? tfc_ssat8(v) : tfc_clamp(v, lo, hi));
}

TFC_INLINE int8_t tfc_requantized(const struct tfc_requantize *f, int32_t acc) {
    return (int8_t)tfc_clamp(tfc_smmlar(tfc_shl(acc, f->shift), f->multiplier, f->zero), f->lo, f->hi);
}

#endif
