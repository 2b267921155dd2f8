/* Blocks of 2 x 2 sums of a 3 x 3 window, whose nine weights stay in six registers: of each row (w0, w1) and, of stride 1, (w1, w2), of
 * stride 2 (w2, 0). */
#ifndef TFC_BLOCKS3X3_H
#define TFC_BLOCKS3X3_H

#include "tfc/blocks.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_WEIGHTS3X3 \
    "ldrd %[u0], %[v0], [%[a1], #8]\n\tldrd %[u1], %[v1], [%[a1], #16]\n\tldrd %[u2], %[v2], [%[a1], #24]\n\t"
/* The start of a stripe, whose end is in a1: an odd number of blocks begins in the middle. */
#define TFC_STRIPE3X3 \
    "1:\tsub %[a0], %[a1], %[x]\n\tldr %[a3], [sp, #16]\n\ttst %[a0], #8\n\tldr %[p], [%[x], #-4]\n\tldr %[q], [%[x], #540]\n\t" \
    "itt ne\n\tsubne %[x], %[x], #8\n\tbne 3f\n"
/* A block of rows at these offsets, of which p and q hold the first; the bias lies in a3, which is begun last. A line has what may issue
 * together; what reads the last row's right word is the ending's. */
#define TFC_BLOCK3X3(ROW1, ROW2, ROW3, RIGHT1, RIGHT2, RIGHT3, FREE0, FREE1) \
    "smlad %[a0], %[p], %[u0], %[a3]\n\t" FREE0 \
    "smlatb %[a1], %[p], %[u0], %[a3]\n\tldr %[p], [%[x], " ROW1 "]\n\t" \
    "smlabt %[a0], %[q], %[v0], %[a0]\n\t" FREE1 \
    "smlad %[a1], %[q], %[v0], %[a1]\n\tldr %[q], [%[x], " RIGHT1 "]\n\t" \
    "smlad %[a2], %[p], %[u0], %[a3]\n\t" \
    "smlatb %[a3], %[p], %[u0], %[a3]\n\t" \
    "smlad %[a0], %[p], %[u1], %[a0]\n\t" \
    "smlatb %[a1], %[p], %[u1], %[a1]\n\tldr %[p], [%[x], " ROW2 "]\n\t" \
    "smlabt %[a0], %[q], %[v1], %[a0]\n\t" \
    "smlad %[a1], %[q], %[v1], %[a1]\n\t" \
    "smlabt %[a2], %[q], %[v0], %[a2]\n\t" \
    "smlad %[a3], %[q], %[v0], %[a3]\n\tldr %[q], [%[x], " RIGHT2 "]\n\t" \
    "smlad %[a0], %[p], %[u2], %[a0]\n\t" \
    "smlatb %[a1], %[p], %[u2], %[a1]\n\t" \
    "smlad %[a2], %[p], %[u1], %[a2]\n\t" \
    "smlatb %[a3], %[p], %[u1], %[a3]\n\tldr %[p], [%[x], " ROW3 "\n\t" \
    "smlabt %[a0], %[q], %[v2], %[a0]\n\t" \
    "smlad %[a1], %[q], %[v2], %[a1]\n\t" \
    "smlabt %[a2], %[q], %[v1], %[a2]\n\t" \
    "smlad %[a3], %[q], %[v1], %[a3]\n\tldr %[q], [%[x], " RIGHT3 "]\n\t" \
    "smlad %[a2], %[p], %[u2], %[a2]\n\t" \
    "smlatb %[a3], %[p], %[u2], %[a3]\n\t"
/* x, which runs down the left column, is one row ahead: the last load of two blocks moves it. */
#define TFC_FIRST3X3 TFC_BLOCK3X3("#0", "#4", "#8]", "#544", "#548", "#552", "", "")
#define TFC_SECOND3X3 TFC_BLOCK3X3("#8", "#12", "#16]!", "#552", "#556", "#544", TFC_LOAD_END, TFC_COMPARE_END)
#define TFC_LOOP3X3(ENDING) \
    TFC_STRIPE3X3 "2:\t" \
    TFC_FIRST3X3 ENDING(TFC_LAST_LEFT3X3, TFC_LAST_RIGHT3X3, "[%[x], #4]", "[%[x], #548]", "", "") "\n3:\t" \
    TFC_SECOND3X3 ENDING(TFC_LAST_LEFT3X3, TFC_LAST_RIGHT3X3, "[%[x], #-4]", "[%[x], #540]", "", "") "bne 2b\n\t" TFC_NEXT_STRIPE("544")
#define TFC_LAST_LEFT3X3 "smlabt %[a2], %[q], %[v2], %[a2]\n\t"
#define TFC_LAST_RIGHT3X3 "smlad %[a3], %[q], %[v2], %[a3]\n\t"

/* Of stride 2. A row has three words, left, middle and right; M holds the middle one and L the left one, which is loaded later. */
#define TFC_ROW_STRIDE2(M, L, U, V, A0, A1, START0, START1, RIGHT, NEXT_MIDDLE, NEXT_LEFT) \
    "smlad %[" A0 "], %[" M "], %[" V "], %[" START0 "]\n\t" \
    "smlad %[" A1 "], %[" M "], %[" U "], %[" START1 "]\n\tldr %[" M "], [%[x], #" RIGHT "]\n\t" \
    "smlad %[" A0 "], %[" L "], %[" U "], %[" A0 "]\n\tldr %[" L "], [%[x], #" NEXT_MIDDLE "]\n\t" \
    "smlad %[" A1 "], %[" M "], %[" V "], %[" A1 "]\n\tldr %[" M "], [%[x], #" NEXT_LEFT "]\n\t"
#define TFC_BLOCK3X3_STRIDE2 \
    TFC_LOAD_END TFC_ROW_STRIDE2("q", "p", "u0", "v0", "a0", "a1", "a3", "a3", "1088", "548", "4") \
    TFC_COMPARE_END TFC_ROW_STRIDE2("p", "q", "u1", "v1", "a0", "a1", "a0", "a1", "1092", "552", "8") \
    "smlad %[a2], %[q], %[v0], %[a3]\n\tsmlad %[a3], %[q], %[u0], %[a3]\n\t" \
    "smlad %[a0], %[q], %[v2], %[a0]\n\tsmlad %[a1], %[q], %[u2], %[a1]\n\tldr %[q], [%[x], #1096]\n\t" \
    "smlad %[a0], %[p], %[u2], %[a0]\n\tsmlad %[a2], %[p], %[u0], %[a2]\n\tldr %[p], [%[x], #556]\n\t" \
    "smlad %[a1], %[q], %[v2], %[a1]\n\tsmlad %[a3], %[q], %[v0], %[a3]\n\tldr %[q], [%[x], #12]\n\t" \
    TFC_ROW_STRIDE2("p", "q", "u1", "v1", "a2", "a3", "a2", "a3", "1100", "560", "16") \
    "smlad %[a2], %[q], %[v2], %[a2]\n\tsmlad %[a3], %[q], %[u2], %[a3]\n\tldr %[q], [%[x], #1104]\n\tadd %[x], %[x], #16\n\t"
#define TFC_LOOP3X3_STRIDE2(ENDING) \
    "1:\tldr %[a3], [sp, #16]\n\tldr %[p], [%[x]]\n\tldr %[q], [%[x], #544]\n2:\t" TFC_BLOCK3X3_STRIDE2 \
    ENDING("smlad %[a2], %[p], %[u2], %[a2]\n\t", "smlad %[a3], %[q], %[v2], %[a3]\n\t", "[%[x]]", "[%[x], #544]", "", "") \
    "bne 2b\n\t" TFC_NEXT_STRIPE("1088")

#define TFC_BLOCKS3X3(NAME, TYPE, AHEAD, LOOP) \
    TFC_APART void NAME(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, TYPE *y) { \
        int32_t u0, u1, u2, v0, v1, v2, a2, a3, p, q; \
        x += AHEAD; \
        __asm__ volatile(TFC_BEGIN_BLOCKS(TFC_WEIGHTS3X3) LOOP \
                         : [u0] "=&r"(u0), [u1] "=&r"(u1), [u2] "=&r"(u2), [v0] "=&r"(v0), [v1] "=&r"(v1), [v2] "=&r"(v2), [a0] "+r"(k), \
                           [a1] "+r"(w), [a2] "=&r"(a2), [a3] "=&r"(a3), [p] "=&r"(p), [q] "=&r"(q), [x] "+r"(x), [y] "+r"(y) : : "cc", "memory"); \
    }
#define TFC_ALL_BLOCKS3X3(NAME, AHEAD, LOOP) \
    TFC_BLOCKS3X3(NAME##_plain, int8_t, AHEAD, LOOP(TFC_BLOCKS_PLAIN)) \
    TFC_BLOCKS3X3(NAME##_table, int8_t, AHEAD, LOOP(TFC_BLOCKS_TABLE)) \
    TFC_BLOCKS3X3(NAME##_sums, int32_t, AHEAD, LOOP(TFC_BLOCKS_SUMS))
TFC_ALL_BLOCKS3X3(tfc_blocks3x3, 1, TFC_LOOP3X3)
TFC_ALL_BLOCKS3X3(tfc_blocks3x3_stride2, 0, TFC_LOOP3X3_STRIDE2)
#else
/* The sums of a block. */
TFC_INLINE void tfc_block3x3(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    for (int32_t i = 0; i < 4; i++) {
        const uint32_t *from = x + (i >> 1);
        a[i] = bias;
        for (int32_t ky = 0; ky < 3; ky++, from++) {
            uint32_t u = w[2 * ky], v = w[2 * ky + 1];
            if (i & 1) a[i] = tfc_smlad(from[TFC_COLUMN], v, tfc_smlatb(from[0], u, a[i]));
            else a[i] = tfc_smlabt(from[TFC_COLUMN], v, tfc_smlad(from[0], u, a[i]));
        }
    }
}

TFC_INLINE void tfc_block3x3_stride2(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    for (int32_t i = 0; i < 4; i++) {
        const uint32_t *from = x + 2 * (i >> 1) + (i & 1) * TFC_COLUMN;
        a[i] = bias;
        for (int32_t ky = 0; ky < 3; ky++, from++) a[i] = tfc_smlad(from[TFC_COLUMN], w[2 * ky + 1], tfc_smlad(from[0], w[2 * ky], a[i]));
    }
}

TFC_BLOCKS(tfc_blocks3x3, tfc_block3x3)
TFC_BLOCKS(tfc_blocks3x3_stride2, tfc_block3x3_stride2)
#endif
#endif
