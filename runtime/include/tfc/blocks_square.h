/* Blocks of 2 x 2 sums of 5 x 5 and 7 x 7 windows of stride 1, without a loop inside: weights are read as a stream, down the first two
 * columns of the window, then the next two. */
#ifndef TFC_BLOCKS_SQUARE_H
#define TFC_BLOCKS_SQUARE_H

#include "tfc/blocks.h"

#if defined(__ARM_FEATURE_DSP)
/* Two taps of a row for all four sums. P is the pair of the upper results, Q of the lower ones; E and O are the weights of even and odd
 * columns, F and G get the next ones. A line has what may issue together. */
#define TFC_TAPS(P, Q, E, O, F, G, NEXT_P, NEXT_Q) \
    "smlad %[a0], %[" P "], %[" E "], %[a0]\n\tldr %[" F "], [%[w], #8]!\n\t" \
    "smlad %[a1], %[" P "], %[" O "], %[a1]\n\t" NEXT_P \
    "smlad %[a2], %[" Q "], %[" E "], %[a2]\n\tldr %[" G "], [%[w], #4]\n\t" \
    "smlad %[a3], %[" Q "], %[" O "], %[a3]\n\t" NEXT_Q
/* The bias lies in a3: the sums begin with it. */
#define TFC_FIRST_TAPS(NEXT_P) \
    TFC_LOAD_END "smlad %[a0], %[p], %[e], %[a3]\n\tldr %[f], [%[w], #8]!\n\tsmlad %[a1], %[p], %[o], %[a3]\n\t" NEXT_P TFC_COMPARE_END \
    "smlad %[a2], %[q], %[e], %[a3]\n\tldr %[g], [%[w], #4]\n\tsmlad %[a3], %[q], %[o], %[a3]\n\t"
/* The last ones have their last two sums in the ending. */
#define TFC_LAST_TAPS(E, O) "smlad %[a0], %[p], %[" E "], %[a0]\n\tadd %[x], %[x], #8\n\tsmlad %[a1], %[p], %[" O "], %[a1]\n\t"
#define TFC_LOAD(TO, AT) "ldr %[" TO "], [%[x], #" AT "]\n\t"
/* All rows but the first of two columns that begin at this offset; then the first two pairs of the next two. */
#define TFC_FOUR_ROWS(AT, E, O, F, G) \
    TFC_TAPS("q", "p", F, G, E, O, TFC_LOAD("q", AT "+12"), "") TFC_TAPS("p", "q", E, O, F, G, TFC_LOAD("p", AT "+16"), "") \
    TFC_TAPS("q", "p", F, G, E, O, TFC_LOAD("q", AT "+20"), "")
#define TFC_SIX_ROWS(AT, E, O, F, G) \
    TFC_FOUR_ROWS(AT, E, O, F, G) TFC_TAPS("p", "q", E, O, F, G, TFC_LOAD("p", AT "+24"), "") \
    TFC_TAPS("q", "p", F, G, E, O, TFC_LOAD("q", AT "+28"), "")
#define TFC_TURN(TO, E, O, F, G) TFC_TAPS("p", "q", E, O, F, G, TFC_LOAD("p", TO), TFC_LOAD("q", TO "+4"))
#define TFC_FIRST_ROW(AT, E, O, F, G) TFC_TAPS("p", "q", E, O, F, G, TFC_LOAD("p", AT "+8"), "")
#define TFC_BLOCK5X5 \
    TFC_FIRST_TAPS(TFC_LOAD("p", "8")) TFC_FOUR_ROWS("0", "e", "o", "f", "g") TFC_TURN("544", "e", "o", "f", "g") \
    TFC_FIRST_ROW("544", "f", "g", "e", "o") TFC_FOUR_ROWS("544", "f", "g", "e", "o") TFC_TURN("1088", "f", "g", "e", "o") \
    TFC_FIRST_ROW("1088", "e", "o", "f", "g") TFC_FOUR_ROWS("1088", "e", "o", "f", "g") TFC_LAST_TAPS("e", "o")
#define TFC_BLOCK7X7 \
    TFC_FIRST_TAPS(TFC_LOAD("p", "8")) TFC_SIX_ROWS("0", "e", "o", "f", "g") TFC_TURN("544", "e", "o", "f", "g") \
    TFC_FIRST_ROW("544", "f", "g", "e", "o") TFC_SIX_ROWS("544", "f", "g", "e", "o") TFC_TURN("1088", "f", "g", "e", "o") \
    TFC_FIRST_ROW("1088", "e", "o", "f", "g") TFC_SIX_ROWS("1088", "e", "o", "f", "g") TFC_TURN("1632", "e", "o", "f", "g") \
    TFC_FIRST_ROW("1632", "f", "g", "e", "o") TFC_SIX_ROWS("1632", "f", "g", "e", "o") TFC_LAST_TAPS("f", "g")
#define TFC_WEIGHTS_SQUARE "add %[w], %[a1], #8\n\t"
#define TFC_STRIPE_SQUARE "ldr %[e], [%[w]]\n\tldr %[o], [%[w], #4]\n1:\tldr %[a3], [sp, #16]\n\tldr %[p], [%[x]]\n\tldr %[q], [%[x], #4]\n"
/* BACK: the bytes of the weights but the last pair. */
#define TFC_LOOP_SQUARE(BLOCK, ENDING, E, O, BACK) \
    __asm__ volatile(TFC_BEGIN_BLOCKS(TFC_WEIGHTS_SQUARE) TFC_STRIPE_SQUARE "2:\t" BLOCK \
                     ENDING("smlad %[a2], %[q], %[" E "], %[a2]\n\t", "smlad %[a3], %[q], %[" O "], %[a3]\n\t", "[%[x]]", "[%[x], #4]", \
                            "ldr %[e], [%[w], #-" BACK "]!\n\t", "ldr %[o], [%[w], #4]\n\t") "bne 2b\n\t" TFC_NEXT_STRIPE("544") \
                     : [e] "=&r"(e), [o] "=&r"(o), [f] "=&r"(f2), [g] "=&r"(g), [w] "=&r"(at), [a0] "+r"(k), [a1] "+r"(w), [a2] "=&r"(a2), \
                       [a3] "=&r"(a3), [p] "=&r"(p), [q] "=&r"(q), [x] "+r"(x), [y] "+r"(y) : : "cc", "memory")
#define TFC_SQUARE(NAME, TYPE, BLOCK, ENDING, E, O, BACK) \
    TFC_APART void NAME(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, TYPE *y) { \
        int32_t e, o, f2, g, at, a2, a3, p, q; \
        TFC_LOOP_SQUARE(BLOCK, ENDING, E, O, BACK); \
    }
#define TFC_ALL_SQUARE(NAME, BLOCK, E, O, BACK) \
    TFC_SQUARE(NAME##_plain, int8_t, BLOCK, TFC_BLOCKS_PLAIN, E, O, BACK) \
    TFC_SQUARE(NAME##_table, int8_t, BLOCK, TFC_BLOCKS_TABLE, E, O, BACK) \
    TFC_SQUARE(NAME##_sums, int32_t, BLOCK, TFC_BLOCKS_SUMS, E, O, BACK)
TFC_ALL_SQUARE(tfc_blocks5x5, TFC_BLOCK5X5, "e", "o", "112")
TFC_ALL_SQUARE(tfc_blocks7x7, TFC_BLOCK7X7, "f", "g", "216")
#else
TFC_INLINE void tfc_block5x5(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    tfc_block_of(a, x, w, bias, 1, 5, 3);
}

TFC_INLINE void tfc_block7x7(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias) {
    tfc_block_of(a, x, w, bias, 1, 7, 4);
}

TFC_BLOCKS(tfc_blocks5x5, tfc_block5x5)
TFC_BLOCKS(tfc_blocks7x7, tfc_block7x7)
#endif
#endif
