/* Elements of int8 or int16 at any address. `bytes`, 1 or 2, is a constant wherever these are inlined. */
#ifndef TFC_ELEMENTS_H
#define TFC_ELEMENTS_H

#include "tfc/simd.h"

TFC_INLINE int32_t tfc_get(const int8_t *p, int32_t bytes) {
    int16_t wide;
    if (bytes == 1) return *p;
    __builtin_memcpy(&wide, p, sizeof wide);
    return wide;
}

TFC_INLINE void tfc_put(int8_t *p, int32_t bytes, int32_t value) {
    int16_t wide = (int16_t)value;
    if (bytes == 1) *p = (int8_t)value;
    else __builtin_memcpy(p, &wide, sizeof wide);
}

/* Clamped to the type; `full` says that lo and hi are its limits. */
TFC_INLINE int32_t tfc_cut_to(int32_t bytes, int32_t v, int full, int32_t lo, int32_t hi) {
    return !full ? tfc_clamp(v, lo, hi) : bytes == 1 ? tfc_ssat8(v) : tfc_ssat16(v);
}

TFC_INLINE int tfc_is_whole(int32_t bytes, int32_t lo, int32_t hi) {
    return bytes == 1 ? lo == -128 && hi == 127 : lo == -32768 && hi == 32767;
}

/* Four neighbours as pairs: the first and third, the second and fourth. */
struct tfc_pairs {
    uint32_t even, odd;
};

TFC_INLINE struct tfc_pairs tfc_pairs_at(const int8_t *p, int32_t bytes) {
    uint32_t word = tfc_load(p), next;
    if (bytes == 1) return (struct tfc_pairs){tfc_sxtb16(word), tfc_sxtb16_8(word)};
    next = tfc_load(p + 4);
    return (struct tfc_pairs){tfc_pkhbt(word, next), tfc_pkhtb(word, next)};
}

#endif
