/* Products of a panel by single inputs with a stream of single weights. */
#ifndef TFC_SPARSE1X1_H
#define TFC_SPARSE1X1_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
/* A line is a cycle: a product of the pixels 0 and 1 in p or 2 and 3 in q, and one step towards the next weight's. */
#define TFC_BLOCK1X1(WEIGHTS, HALF, NEXT0, NEXT1, NEXT2, NEXT3) \
    "smlab" HALF " %[a0], %[p], " WEIGHTS ", %[a0]\n\t" NEXT0 \
    "smlat" HALF " %[a1], %[p], " WEIGHTS ", %[a1]\n\t" NEXT1 \
    "smlab" HALF " %[a2], %[q], " WEIGHTS ", %[a2]\n\t" NEXT2 \
    "smlat" HALF " %[a3], %[q], " WEIGHTS ", %[a3]\n\t" NEXT3
#define TFC_MOVE "add %[x], %[x], %[s], lsl #3\n\t"
#define TFC_PIXELS01 "ldr %[p], [%[x]]\n\t"
#define TFC_PIXELS23 "ldr %[q], [%[x], #4]\n\t"
/* Groups of four, at least one; returns where the panel then is. */
TFC_INLINE const uint32_t *tfc_groups1x1(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], p, q, s, u, v;
    __asm__("ldr %[u], [%[w], #8]\n\tldrh %[s], [%[w]], #12\n1:\n\t"
            TFC_MOVE "ldrh %[s], [%[w], #-10]\n\t"
            "sxtb16 %[v], %[u], ror #8\n\tcmp %[w], %[end]\n\t"
            TFC_PIXELS01 "sxtb16 %[u], %[u]\n\t"
            TFC_PIXELS23
            TFC_BLOCK1X1("%[u]", "b", TFC_MOVE, "ldrh %[s], [%[w], #-8]\n\t", TFC_PIXELS01, TFC_PIXELS23)
            TFC_BLOCK1X1("%[v]", "b", TFC_MOVE, "ldrh %[s], [%[w], #-6]\n\t", TFC_PIXELS01, TFC_PIXELS23)
            TFC_BLOCK1X1("%[u]", "t", TFC_MOVE, "", TFC_PIXELS01, TFC_PIXELS23)
            TFC_BLOCK1X1("%[v]", "t", "itt ne\n\tldrne %[u], [%[w], #8]\n\tldrhne %[s], [%[w]], #12\n\t", "", "", "bne 1b")
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "=&r"(p), [q] "=&r"(q), [s] "=&r"(s),
              [u] "=&r"(u), [v] "=&r"(v)
            : [end] "r"(end)
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
    return x;
}
#undef TFC_PIXELS23
#undef TFC_PIXELS01
#undef TFC_MOVE
#undef TFC_BLOCK1X1
#endif

TFC_INLINE void tfc_block1x1(int32_t *acc, const uint32_t *x, int32_t weight) {
    acc[0] = tfc_smlabb(x[0], (uint32_t)weight, acc[0]), acc[1] = tfc_smlatb(x[0], (uint32_t)weight, acc[1]);
    acc[2] = tfc_smlabb(x[1], (uint32_t)weight, acc[2]), acc[3] = tfc_smlatb(x[1], (uint32_t)weight, acc[3]);
}

#if !defined(__ARM_FEATURE_DSP)
TFC_INLINE const uint32_t *tfc_groups1x1(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    for (; w != end; w += 3) {
        for (int32_t i = 0; i < 4; i++) {
            x += 2 * tfc_step(w, i);
            tfc_block1x1(acc, x, (int8_t)(w[2] >> 8 * i & 0xff));
        }
    }
    return x;
}
#endif

/* sums[4] of one channel x four pixels over a row of weights, from its bias on; returns the next row. */
TFC_INLINE const uint32_t *tfc_sparse1x1(int32_t *sums, int32_t bias, const uint32_t *x, const uint32_t *w) {
    int32_t acc[4] = {bias, bias, bias, bias}, count = (int32_t)*w++, rest = count & 3;
    const uint32_t *steps = w + 3 * (count >> 2), *weights = steps + (rest + 1) / 2;
    if (count > 3) x = tfc_groups1x1(acc, x, w, steps);
    for (int32_t i = 0; i < rest; i++) {
        x += 2 * tfc_step(steps, i);
        tfc_block1x1(acc, x, ((const int8_t *)weights)[i]);
    }
    for (int32_t p = 0; p < 4; p++) sums[p] = acc[p];
    return rest ? weights + 1 : steps;
}

/* All channels of a panel of four. */
TFC_APART void tfc_sparse1x1_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *stream, const int32_t *b) {
    const uint32_t *w = (const void *)stream;
    (void)quads;
    for (; out > 0; out--, sums += 4) w = tfc_sparse1x1(sums, *b++, panel, w);
}

#endif
