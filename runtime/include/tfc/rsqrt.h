/* The reciprocal square root of docs/arithmetic.md, once a row. */
#ifndef TFC_RSQRT_H
#define TFC_RSQRT_H

#include "tfc/simd.h"

/* About 2^p / sqrt(w), for 1 <= w < 2^62 and p <= 31. */
TFC_INLINE int32_t tfc_rsqrt(uint64_t w, uint32_t p) {
    uint32_t top = (uint32_t)(w >> 32);
    int32_t lead = top ? (int32_t)tfc_clz(top) - 32 : (int32_t)tfc_clz((uint32_t)w);
    int32_t even = lead & ~1;
    uint32_t mantissa = even >= 0 ? (uint32_t)w << even : (uint32_t)(w >> -even);
    uint32_t y = 2254857830u - (uint32_t)((uint64_t)mantissa * 1288490189u >> 32);
    for (int32_t i = 0; i < 3; i++) {
        uint32_t square = (uint32_t)((uint64_t)y * y >> 32), cubic = (uint32_t)((uint64_t)square * mantissa >> 32);
        y = (uint32_t)((uint64_t)y * (805306368u - cubic) >> 29);
    }
    uint32_t shift = (uint32_t)(46 - (int32_t)p - even / 2);
    uint32_t r = shift < 32 ? y >> shift : 0;
    return (int32_t)(r < 0x7fffffffu ? r : 0x7fffffffu);
}

#endif
