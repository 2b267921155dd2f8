/* The reciprocal of docs/arithmetic.md, once a row. */
#ifndef TFC_RECIPROCAL_H
#define TFC_RECIPROCAL_H

#include "tfc/simd.h"

/* k / sum, for 1 <= sum < 2^31. */
TFC_INLINE int32_t tfc_reciprocal(int32_t sum, int64_t k) {
    uint32_t lead = tfc_clz((uint32_t)sum), divisor = (uint32_t)sum << lead >> 15;
    return (int32_t)(((uint64_t)(0xffffffffu / divisor) * (uint64_t)k) >> (47 - lead));
}

#endif
