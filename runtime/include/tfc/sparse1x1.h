/* Products of a panel by single inputs with a stream of single weights. */
#ifndef TFC_SPARSE1X1_H
#define TFC_SPARSE1X1_H

#include "tfc/sparse.h"

#if defined(__ARM_FEATURE_DSP)
#define TFC_BLOCK1X1(STEP, WEIGHTS, HALF) \
    TFC_STEP(STEP, "3") "ldrd %[p], %[q], [%[x]]\n\t" \
    "smlab" HALF " %[a0], %[p], " WEIGHTS ", %[a0]\n\tsmlat" HALF " %[a1], %[p], " WEIGHTS ", %[a1]\n\t" \
    "smlab" HALF " %[a2], %[q], " WEIGHTS ", %[a2]\n\tsmlat" HALF " %[a3], %[q], " WEIGHTS ", %[a3]\n\t"
/* Groups of four, at least one; returns where the panel then is. */
TFC_INLINE const uint32_t *tfc_groups1x1(int32_t *acc, const uint32_t *x, const uint32_t *w, const uint32_t *end) {
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3], p, q, u, v;
    __asm__("1:\n\tldr %[v], [%[w], #8]\n\tsxtb16 %[u], %[v]\n\tsxtb16 %[v], %[v], ror #8\n\t"
            TFC_BLOCK1X1("[%[w]], #12", "%[u]", "b") TFC_BLOCK1X1("[%[w], #-10]", "%[v]", "b")
            TFC_BLOCK1X1("[%[w], #-8]", "%[u]", "t") TFC_BLOCK1X1("[%[w], #-6]", "%[v]", "t") "cmp %[w], %[end]\n\tbne 1b"
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [w] "+r"(w), [x] "+r"(x), [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u),
              [v] "=&r"(v)
            : [end] "r"(end)
            : "cc", "memory");
    acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
    return x;
}
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
