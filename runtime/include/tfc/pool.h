/* The part of a pooling window that is not padding. */
#ifndef TFC_POOL_H
#define TFC_POOL_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

struct tfc_span {
    int32_t first, count;
};

/* Of a window of `size` that begins at `start` in an extent of n. */
TFC_INLINE struct tfc_span tfc_span_of(int32_t start, int32_t size, int32_t n) {
    int32_t first = start < 0 ? 0 : start, end = start + size < n ? start + size : n;
    return (struct tfc_span){first, end - first};
}

#endif
