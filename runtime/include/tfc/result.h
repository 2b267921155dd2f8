/* From accumulators to results by one multiplier, and the clamps of all kernels. */
#ifndef TFC_RESULT_H
#define TFC_RESULT_H

#include "tfc/kernels.h"
#include "tfc/simd.h"

/* A result of SMMLAR and SSAT, or that a table has for it; `plain` is a constant wherever this is inlined. */
TFC_INLINE int8_t tfc_direct_result(int32_t sum, int32_t m, int32_t zero, int plain, const int8_t *table) {
    int32_t v = tfc_smmlar(sum, m, zero);
    return plain ? (int8_t)tfc_ssat8(v) : table[tfc_usat10(v)];
}

enum { TFC_TABLE_SIZE = 1024 };

/* How a direct ending ends: without a table it only saturates. */
struct tfc_direct_ending {
    const int8_t *table;
    int32_t zero;
};

/* A clamp becomes a table too, which is made in `memory`: where that is needed nowhere else, it costs less than a clamp of each result. */
TFC_INLINE struct tfc_direct_ending tfc_direct_ending_of(const struct tfc_result *f, void *memory) {
    if (f->direct != TFC_DIRECT_CLAMP) return (struct tfc_direct_ending){f->direct == TFC_DIRECT_TABLE ? f->table : 0, f->zero};
    uint32_t lo = (uint32_t)(f->lo & 0xff) * 0x01010101, hi = (uint32_t)(f->hi & 0xff) * 0x01010101, four = 0x03020100, *to = memory;
    for (uint32_t *end = to + (TFC_TABLE_SIZE - 256) / 8; to != end; to++) to[0] = lo, to[(TFC_TABLE_SIZE + 256) / 8] = hi;
    for (uint32_t *end = to + 64; to != end; four += 0x04040404) *to++ = tfc_min8(tfc_max8(four ^ 0x80808080, lo), hi);
    return (struct tfc_direct_ending){memory, f->zero + TFC_TABLE_SIZE / 2};
}

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
