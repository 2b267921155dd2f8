/* The Armv7E-M instructions that the kernels use, and the same in plain C for other machines.
 * A "pair" is a uint32_t that holds two int16, a "quad" one that holds four int8, the first in the low bits. */
#ifndef TFC_SIMD_H
#define TFC_SIMD_H

#include <stddef.h>
#include <stdint.h>

#define TFC_INLINE static inline __attribute__((always_inline))
/* A loop that shall have all registers for itself. */
#define TFC_APART static __attribute__((noinline, unused))

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

#if defined(__ARM_FEATURE_DSP)

#define TFC_OP2(NAME, TEXT, RESULT, A, B) \
    TFC_INLINE RESULT NAME(A a, B b) { \
        RESULT d; \
        __asm__(TEXT : "=r"(d) : "r"(a), "r"(b)); \
        return d; \
    }
/* The accumulator is overwritten: its register is tied. */
#define TFC_OP3(NAME, TEXT, A, B) \
    TFC_INLINE int32_t NAME(A a, B b, int32_t acc) { \
        __asm__(TEXT : "+r"(acc) : "r"(a), "r"(b)); \
        return acc; \
    }

TFC_OP3(tfc_smlad, "smlad %0, %1, %2, %0", uint32_t, uint32_t)
TFC_OP3(tfc_smlabb, "smlabb %0, %1, %2, %0", uint32_t, uint32_t)
TFC_OP3(tfc_smlatb, "smlatb %0, %1, %2, %0", uint32_t, uint32_t)
TFC_OP3(tfc_smlabt, "smlabt %0, %1, %2, %0", uint32_t, uint32_t)
TFC_OP3(tfc_smlatt, "smlatt %0, %1, %2, %0", uint32_t, uint32_t)
TFC_OP2(tfc_smmulr, "smmulr %0, %1, %2", int32_t, int32_t, int32_t)
TFC_OP2(tfc_pkhbt, "pkhbt %0, %1, %2, lsl #16", uint32_t, uint32_t, uint32_t)
TFC_OP2(tfc_pkhtb, "pkhtb %0, %2, %1, asr #16", uint32_t, uint32_t, uint32_t)
TFC_OP2(tfc_sxtab16, "sxtab16 %0, %1, %2", uint32_t, uint32_t, uint32_t)
TFC_OP2(tfc_sxtab16_8, "sxtab16 %0, %1, %2, ror #8", uint32_t, uint32_t, uint32_t)
TFC_OP2(tfc_ssub16, "ssub16 %0, %1, %2", uint32_t, uint32_t, uint32_t)

/* The addend is a constant of the node: it is not overwritten. */
TFC_INLINE int32_t tfc_smmlar(int32_t a, int32_t b, int32_t acc) {
    int32_t d;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(d) : "r"(a), "r"(b), "r"(acc));
    return d;
}

TFC_INLINE uint32_t tfc_sxtb16(uint32_t a) {
    uint32_t d;
    __asm__("sxtb16 %0, %1" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE uint32_t tfc_sxtb16_8(uint32_t a) {
    uint32_t d;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE int32_t tfc_ssat8(int32_t a) {
    int32_t d;
    __asm__("ssat %0, #8, %1" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE int32_t tfc_ssat16(int32_t a) {
    int32_t d;
    __asm__("ssat %0, #16, %1" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE int64_t tfc_smlald(uint32_t a, uint32_t b, int64_t acc) {
    __asm__("smlald %Q0, %R0, %1, %2" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

TFC_INLINE int32_t tfc_usat10(int32_t a) {
    int32_t d;
    __asm__("usat %0, #10, %1" : "=r"(d) : "r"(a));
    return d;
}

TFC_INLINE uint32_t tfc_max8(uint32_t a, uint32_t b) {
    uint32_t d;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(d) : "r"(a), "r"(b));
    return d;
}

#undef TFC_OP2
#undef TFC_OP3

#else

TFC_INLINE int32_t tfc_low(uint32_t pair) {
    return (int16_t)(pair & 0xffff);
}

TFC_INLINE int32_t tfc_top(uint32_t pair) {
    return (int16_t)(pair >> 16);
}

/* Two int16 in one word: the low halves of both. */
TFC_INLINE uint32_t tfc_pkhbt(uint32_t low, uint32_t high) {
    return (low & 0xffff) | high << 16;
}

/* Two int16 in one word: the high halves of both. */
TFC_INLINE uint32_t tfc_pkhtb(uint32_t low, uint32_t high) {
    return low >> 16 | (high & 0xffff0000);
}

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

/* high(a, b) of docs/arithmetic.md. */
TFC_INLINE int32_t tfc_smmulr(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + 0x80000000LL) >> 32);
}

TFC_INLINE int32_t tfc_smmlar(int32_t a, int32_t b, int32_t acc) {
    return (int32_t)((uint32_t)acc + (uint32_t)tfc_smmulr(a, b));
}

TFC_INLINE uint32_t tfc_ssub16(uint32_t a, uint32_t b) {
    return tfc_pkhbt((uint32_t)(tfc_low(a) - tfc_low(b)), (uint32_t)(tfc_top(a) - tfc_top(b)));
}

/* The first and third int8 of a quad, widened to a pair. */
TFC_INLINE uint32_t tfc_sxtb16(uint32_t a) {
    return tfc_pkhbt((uint32_t)(int8_t)(a & 0xff), (uint32_t)(int8_t)(a >> 16 & 0xff));
}

/* The second and fourth. */
TFC_INLINE uint32_t tfc_sxtb16_8(uint32_t a) {
    return tfc_sxtb16(a >> 8);
}

TFC_INLINE uint32_t tfc_sxtab16(uint32_t acc, uint32_t a) {
    uint32_t wide = tfc_sxtb16(a);
    return tfc_pkhbt((uint32_t)(tfc_low(acc) + tfc_low(wide)), (uint32_t)(tfc_top(acc) + tfc_top(wide)));
}

TFC_INLINE uint32_t tfc_sxtab16_8(uint32_t acc, uint32_t a) {
    return tfc_sxtab16(acc, a >> 8);
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

/* The greater int8 in each of four places. */
TFC_INLINE uint32_t tfc_max8(uint32_t a, uint32_t b) {
    uint32_t d = 0;
    for (int32_t bit = 0; bit < 32; bit += 8) {
        int8_t first = (int8_t)(a >> bit & 0xff), second = (int8_t)(b >> bit & 0xff);
        d |= (uint32_t)(uint8_t)(first > second ? first : second) << bit;
    }
    return d;
}

#endif
#endif
