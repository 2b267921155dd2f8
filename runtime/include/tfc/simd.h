/* The Armv7E-M instructions that the kernels use, and the same in plain C for other machines.
 * A "pair" is a uint32_t that holds two int16, a "quad" one that holds four int8, the first in the low bits. */
#ifndef TFC_SIMD_H
#define TFC_SIMD_H

#include <stddef.h>
#include <stdint.h>

#define TFC_INLINE static inline __attribute__((always_inline))
/* A loop that shall have all registers for itself. */
#define TFC_APART static __attribute__((noinline, unused))

/* Before a loop whose body fills both issue slots by itself: copies of it would only take room in the instruction cache. */
#if defined(__clang__)
#define TFC_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define TFC_ROLLED
#endif

/* Reads four int8 from any address. */
TFC_INLINE uint32_t tfc_load(const void *p) {
    uint32_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

TFC_INLINE void tfc_store(void *p, uint32_t word) {
    __builtin_memcpy(p, &word, sizeof word);
}

/* Shift left modulo 2^32. */
TFC_INLINE int32_t tfc_shl(int32_t a, uint32_t shift) {
    return (int32_t)((uint32_t)a << shift);
}

/* Products and sums modulo 2^32. */
TFC_INLINE int32_t tfc_mla(int32_t a, int32_t b, int32_t acc) {
    return (int32_t)((uint32_t)a * (uint32_t)b + (uint32_t)acc);
}

TFC_INLINE int32_t tfc_clamp(int32_t v, int32_t lo, int32_t hi) {
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

/* Leading zeros of a value that is not 0. */
TFC_INLINE uint32_t tfc_clz(uint32_t v) {
    return (uint32_t)__builtin_clz(v);
}

TFC_INLINE int32_t tfc_low(uint32_t pair) {
    return (int16_t)(pair & 0xffff);
}

TFC_INLINE int32_t tfc_top(uint32_t pair) {
    return (int16_t)(pair >> 16);
}

/* Products of halves, which compilers know as SMULBB and SMULTT. */
TFC_INLINE int32_t tfc_smulbb(uint32_t a, uint32_t b) {
    return tfc_low(a) * tfc_low(b);
}

TFC_INLINE int32_t tfc_smultt(uint32_t a, uint32_t b) {
    return tfc_top(a) * tfc_top(b);
}

/* Two int16 in one word: the low halves of both. */
TFC_INLINE uint32_t tfc_pkhbt(uint32_t low, uint32_t high) {
    return (low & 0xffff) | high << 16;
}

/* Two int16 in one word: the high halves of both. */
TFC_INLINE uint32_t tfc_pkhtb(uint32_t low, uint32_t high) {
    return low >> 16 | (high & 0xffff0000);
}

#if defined(__ARM_FEATURE_DSP)

/* Instructions that compilers know: they order them and choose their registers. */
#define TFC_SMLA(NAME) \
    TFC_INLINE int32_t tfc_##NAME(uint32_t a, uint32_t b, int32_t acc) { return __builtin_arm_##NAME((int32_t)a, (int32_t)b, acc); }

TFC_SMLA(smlad)
TFC_SMLA(smlabb)
TFC_SMLA(smlatb)
TFC_SMLA(smlatt)

TFC_INLINE int32_t tfc_smlabt(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_smlatb(b, a, acc);
}

TFC_INLINE int64_t tfc_smlald(uint32_t a, uint32_t b, int64_t acc) {
    return __builtin_arm_smlald((int32_t)a, (int32_t)b, acc);
}

TFC_INLINE uint32_t tfc_sxtb16(uint32_t a) {
    return (uint32_t)__builtin_arm_sxtb16((int32_t)a);
}

TFC_INLINE uint32_t tfc_sxtab16(uint32_t acc, uint32_t a) {
    return (uint32_t)__builtin_arm_sxtab16((int32_t)acc, (int32_t)a);
}

TFC_INLINE int32_t tfc_ssat8(int32_t a) {
    return __builtin_arm_ssat(a, 8);
}

TFC_INLINE int32_t tfc_ssat16(int32_t a) {
    return __builtin_arm_ssat(a, 16);
}

TFC_INLINE int32_t tfc_usat10(int32_t a) {
    return (int32_t)__builtin_arm_usat(a, 10);
}

TFC_INLINE uint32_t tfc_usat8_pair(uint32_t a) {
    return (uint32_t)__builtin_arm_usat16((int32_t)a, 8);
}

/* Instructions that they do not know, or do not keep together. */
#define TFC_OP2(NAME, TEXT) \
    TFC_INLINE uint32_t NAME(uint32_t a, uint32_t b) { \
        uint32_t d; \
        __asm__(TEXT " %0, %1, %2" : "=r"(d) : "r"(a), "r"(b)); \
        return d; \
    }

TFC_OP2(tfc_usub8, "usub8")
TFC_OP2(tfc_ssub16, "ssub16")

TFC_INLINE uint32_t tfc_max8(uint32_t a, uint32_t b) {
    uint32_t d;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(d) : "r"(a), "r"(b));
    return d;
}

TFC_INLINE uint32_t tfc_min8(uint32_t a, uint32_t b) {
    uint32_t d;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(d) : "r"(a), "r"(b));
    return d;
}

#undef TFC_OP2
#undef TFC_SMLA

#else

TFC_INLINE int32_t tfc_smlabb(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_mla(tfc_low(a), tfc_low(b), acc);
}

TFC_INLINE int32_t tfc_smlatb(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_mla(tfc_top(a), tfc_low(b), acc);
}

TFC_INLINE int32_t tfc_smlabt(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_mla(tfc_low(a), tfc_top(b), acc);
}

TFC_INLINE int32_t tfc_smlatt(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_mla(tfc_top(a), tfc_top(b), acc);
}

/* Both products of two pairs, and acc. */
TFC_INLINE int32_t tfc_smlad(uint32_t a, uint32_t b, int32_t acc) {
    return tfc_smlatt(a, b, tfc_smlabb(a, b, acc));
}

TFC_INLINE uint32_t tfc_ssub16(uint32_t a, uint32_t b) {
    return tfc_pkhbt((uint32_t)(tfc_low(a) - tfc_low(b)), (uint32_t)(tfc_top(a) - tfc_top(b)));
}

/* The first and third int8 of a quad, widened to a pair. */
TFC_INLINE uint32_t tfc_sxtb16(uint32_t a) {
    return tfc_pkhbt((uint32_t)(int8_t)(a & 0xff), (uint32_t)(int8_t)(a >> 16 & 0xff));
}

TFC_INLINE uint32_t tfc_sxtab16(uint32_t acc, uint32_t a) {
    uint32_t wide = tfc_sxtb16(a);
    return tfc_pkhbt((uint32_t)(tfc_low(acc) + tfc_low(wide)), (uint32_t)(tfc_top(acc) + tfc_top(wide)));
}

TFC_INLINE int32_t tfc_ssat8(int32_t a) {
    return tfc_clamp(a, -128, 127);
}

TFC_INLINE int32_t tfc_ssat16(int32_t a) {
    return tfc_clamp(a, -32768, 32767);
}

/* Both products of two pairs, and acc, in 64 bits. */
TFC_INLINE int64_t tfc_smlald(uint32_t a, uint32_t b, int64_t acc) {
    return acc + tfc_low(a) * tfc_low(b) + (int64_t)tfc_top(a) * tfc_top(b);
}

TFC_INLINE int32_t tfc_usat10(int32_t a) {
    return tfc_clamp(a, 0, 1023);
}

/* Both int16 of a pair, cut to 0...255. */
TFC_INLINE uint32_t tfc_usat8_pair(uint32_t a) {
    return (uint32_t)tfc_clamp(tfc_low(a), 0, 255) | (uint32_t)tfc_clamp(tfc_top(a), 0, 255) << 16;
}

/* Four differences modulo 256. */
TFC_INLINE uint32_t tfc_usub8(uint32_t a, uint32_t b) {
    uint32_t d = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) d |= (((a >> bit) - (b >> bit)) & 0xff) << bit;
    return d;
}

/* The greater int8 in each of four places. */
TFC_INLINE uint32_t tfc_max8(uint32_t a, uint32_t b) {
    uint32_t d = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        int8_t first = (int8_t)(a >> bit & 0xff), second = (int8_t)(b >> bit & 0xff);
        d |= (uint32_t)(uint8_t)(first > second ? first : second) << bit;
    }
    return d;
}

/* The lesser one: of two, the one whose complement is greater. */
TFC_INLINE uint32_t tfc_min8(uint32_t a, uint32_t b) {
    return ~tfc_max8(~a, ~b);
}

#endif

/* What clang knows in plain C, and gcc must be told: high(a, b) of docs/arithmetic.md, the same and a constant, and the second and
 * fourth int8 of a quad in place of the first and third. */
#if defined(__ARM_FEATURE_DSP) && !defined(__clang__)

TFC_INLINE int32_t tfc_smmulr(int32_t a, int32_t b) {
    int32_t d;
    __asm__("smmulr %0, %1, %2" : "=r"(d) : "r"(a), "r"(b));
    return d;
}

TFC_INLINE int32_t tfc_smmlar(int32_t a, int32_t b, int32_t acc) {
    int32_t d;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
}

TFC_INLINE uint32_t tfc_sxtb16_8(uint32_t a) {
    uint32_t d;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE uint32_t tfc_sxtab16_8(uint32_t acc, uint32_t a) {
    uint32_t d;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(d) : "r"(acc), "r"(a));
    return d;
}

#else

TFC_INLINE int32_t tfc_smmulr(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + 0x80000000LL) >> 32);
}

TFC_INLINE int32_t tfc_smmlar(int32_t a, int32_t b, int32_t acc) {
    return (int32_t)((uint32_t)acc + (uint32_t)tfc_smmulr(a, b));
}

TFC_INLINE uint32_t tfc_sxtb16_8(uint32_t a) {
    return tfc_sxtb16(a >> 8 | a << 24);
}

TFC_INLINE uint32_t tfc_sxtab16_8(uint32_t acc, uint32_t a) {
    return tfc_sxtab16(acc, a >> 8 | a << 24);
}

#endif
#endif
