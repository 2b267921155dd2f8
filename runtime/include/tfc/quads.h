/* Four neighbours of int8 or int16 at once. `bytes` (1 or 2) and `i` (0 to 3) are constants wherever these are inlined. */
#ifndef TFC_QUADS_H
#define TFC_QUADS_H

#include "tfc/elements.h"

/* As they are loaded: of int8 the even and the odd ones widened, of int16 the first two and the last two. */
struct tfc_quad {
    uint32_t word[2];
};

TFC_INLINE struct tfc_quad tfc_quad_at(const int8_t *p, int32_t bytes) {
    uint32_t word = tfc_load(p);
    if (bytes == 1) return (struct tfc_quad){{tfc_sxtb16(word), tfc_sxtb16_8(word)}};
    return (struct tfc_quad){{word, tfc_load(p + 4)}};
}

/* Less the zero point, which `minus` has twice, negated; that of int16 is 0. */
TFC_INLINE struct tfc_quad tfc_quad_from(const int8_t *p, int32_t bytes, uint32_t minus) {
    uint32_t word = tfc_load(p);
    if (bytes == 1) return (struct tfc_quad){{tfc_sxtab16(minus, word), tfc_sxtab16_8(minus, word)}};
    return (struct tfc_quad){{word, tfc_load(p + 4)}};
}

TFC_INLINE uint32_t tfc_quad_word(struct tfc_quad q, int32_t bytes, int32_t i) {
    return q.word[bytes == 1 ? i & 1 : i >> 1];
}

TFC_INLINE int tfc_quad_is_top(int32_t bytes, int32_t i) {
    return bytes == 1 ? i >> 1 : i & 1;
}

/* The element i times the low half of m, and c. */
TFC_INLINE int32_t tfc_quad_mla(struct tfc_quad q, int32_t bytes, int32_t i, uint32_t m, int32_t c) {
    uint32_t word = tfc_quad_word(q, bytes, i);
    return tfc_quad_is_top(bytes, i) ? tfc_smlatb(word, m, c) : tfc_smlabb(word, m, c);
}

/* The element i times the high half of m, and acc. */
TFC_INLINE int32_t tfc_quad_mla_top(struct tfc_quad q, int32_t bytes, int32_t i, uint32_t m, int32_t acc) {
    uint32_t word = tfc_quad_word(q, bytes, i);
    return tfc_quad_is_top(bytes, i) ? tfc_smlatt(word, m, acc) : tfc_smlabt(word, m, acc);
}

/* Four int8 in place of values that are TFC_BIAS too large and fit 16 bits. */
#define TFC_BIAS 128

TFC_INLINE uint32_t tfc_packed(const int32_t v[4]) {
    uint32_t even = tfc_usat8_pair(tfc_pkhbt((uint32_t)v[0], (uint32_t)v[2])), odd = tfc_usat8_pair(tfc_pkhbt((uint32_t)v[1], (uint32_t)v[3]));
    return (even | odd << 8) ^ 0x80808080u;
}

/* One int8 in each place of a word. */
TFC_INLINE uint32_t tfc_four_times(int32_t value) {
    return (uint32_t)(uint8_t)value * 0x01010101u;
}

#endif
