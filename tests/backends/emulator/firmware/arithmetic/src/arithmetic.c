#include "arithmetic.h"

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

#define THREE(name, text)                                                        \
    static int32_t name(int32_t a, int32_t b, int32_t c) {                       \
        int32_t y;                                                               \
        __asm__(text : "=r"(y) : "r"(a), "r"(b), "r"(c));                        \
        return y;                                                                \
    }
THREE(smlad, "smlad %0, %1, %2, %3")
THREE(smladx, "smladx %0, %1, %2, %3")
THREE(smlabb, "smlabb %0, %1, %2, %3")
THREE(smlabt, "smlabt %0, %1, %2, %3")
THREE(smlatt, "smlatt %0, %1, %2, %3")
THREE(smmlar, "smmlar %0, %1, %2, %3")

static int32_t smmulr(int32_t a, int32_t b) {
    int32_t y;
    __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));
    return y;
}

#define TWO(name, text)                                                          \
    static int32_t name(int32_t a, int32_t b) {                                  \
        int32_t y;                                                               \
        __asm__(text : "=r"(y) : "r"(a), "r"(b));                                \
        return y;                                                                \
    }
TWO(ssat8, "ssat %0, #8, %1 @ %2")
TWO(ssat8_asr, "ssat %0, #8, %1, asr #9 @ %2")
TWO(usat10_asr, "usat %0, #10, %1, asr #7 @ %2")
TWO(sxtb16, "sxtb16 %0, %1 @ %2")
TWO(sxtb16_ror8, "sxtb16 %0, %1, ror #8 @ %2")
TWO(sxtab16, "sxtab16 %0, %1, %2")
TWO(pkhbt, "pkhbt %0, %1, %2, lsl #16")
TWO(pkhtb, "pkhtb %0, %1, %2, asr #16")

__attribute__((noinline)) static void tfc_node_0(const int32_t *a, const int32_t *b, const int32_t *c, int32_t (*y)[WORDS]) {
    for (int i = 0; i < WORDS; i++) {
        y[0][i] = smlad(a[i], b[i], c[i]);
        y[1][i] = smladx(a[i], b[i], c[i]);
        y[2][i] = smlabb(a[i], b[i], c[i]);
        y[3][i] = smlabt(a[i], b[i], c[i]);
        y[4][i] = smlatt(a[i], b[i], c[i]);
        y[5][i] = smmlar(a[i], b[i], c[i]);
        y[6][i] = smmulr(a[i], b[i]);
        y[7][i] = ssat8(a[i], b[i]);
        y[8][i] = ssat8_asr(a[i], b[i]);
        y[9][i] = usat10_asr(a[i], b[i]);
        y[10][i] = sxtb16(a[i], b[i]);
        y[11][i] = sxtb16_ror8(a[i], b[i]);
        y[12][i] = sxtab16(a[i], b[i]);
        y[13][i] = pkhbt(a[i], b[i]);
        y[14][i] = pkhtb(a[i], b[i]);
    }
}

/* n = a:b, d = c shifted by up to 40 bits, so that all branches of the division are taken. */
__attribute__((noinline)) static void tfc_node_1(const int32_t *a, const int32_t *b, const int32_t *c, int32_t (*y)[WORDS]) {
    for (int i = 0; i < WORDS; i++) {
        const int64_t n = (int64_t)((uint64_t)(uint32_t)a[i] << 32 | (uint32_t)b[i]) >> (b[i] & 31);
        const int64_t d = (int64_t)c[i] << (a[i] & 31);
        const int64_t quotient = n / d;
        const uint64_t remainder = (uint64_t)n % (uint64_t)d;
        y[15][i] = (int32_t)quotient;
        y[16][i] = (int32_t)(quotient >> 32) ^ (int32_t)(n % d);
        y[17][i] = (int32_t)remainder ^ (int32_t)((uint64_t)n / (uint64_t)d);
    }
}

/* Moves of all alignments and overlaps within one buffer, then a copy and a fill. */
__attribute__((noinline)) static void tfc_node_2(const uint8_t *x, uint8_t *buffer) {
    memcpy(buffer, x, BUFFER);
    for (int i = 0; i < 3 * WORDS; i += 3) {
        memmove(buffer + x[i], buffer + x[i + 1], x[i + 2] & 127);
        memcpy(buffer + 384 + (x[i] & 7), x + (x[i + 1] & 7), x[i + 2] & 63);
        memset(buffer + x[i + 1], x[i], x[i + 2] & 15);
    }
}

int arithmetic_run(void *const *arena) {
    const int32_t *x = arena[0];
    int32_t(*y)[WORDS] = arena[1];
    tfc_node_0(x, x + WORDS, x + 2 * WORDS, y);
    tfc_node_1(x, x + WORDS, x + 2 * WORDS, y);
    tfc_node_2(arena[0], (uint8_t *)arena[1] + sizeof(int32_t) * ROWS * WORDS);
    return 0;
}
