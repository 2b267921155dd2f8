/* Products of a strip with dense weights.
 * w: the format "pairs" of backends/walked.py. A pair of channels is runs of quads that lie behind one another in the strip: how far on the
 * run is from the end of the one before it (int16, bytes) and how long (uint16, bytes), then two words a quad; a run of no length ends it.
 * Fast because each word of the weights and of four columns feeds SMLADs of 2 x 4 outputs, and every other instruction issues beside one. */
#include "tfc/strip_loop.h"

#if defined(__ARM_FEATURE_DSP)
/* The loop takes four quads a turn; where a run has an odd number it begins behind some of them. */
#if TFC_SHORT_LOOPS
#define TFC_DENSE_HALF "ldr lr, [r1], #4\n\t" TFC_SHORT_WORD("[r0], #48", "[r0, #-40]")
#define TFC_AHEAD ""
#define TFC_DENSE_END "adds r3, r0, r2\n\tstr r3, [sp, #80]\n\t"
#define TFC_DENSE_NEXT "add r1, r1, #4\n\tb 5b\n"
#else
#define TFC_DENSE_HALF TFC_WORD("r12", "r2", "[r0, #-44]", "[r0, #-40]", "[r0, #-36]", "ldr r12, [r0], #48", "ldr lr, [r1], #4", "")
#define TFC_AHEAD "ldr r12, [r0], #48\n\tldr lr, [r1], #4\n\t"
#define TFC_DENSE_END "adds r3, r0, r2\n\tadds r3, #48\n\tstr r3, [sp, #80]\n\t"
#define TFC_DENSE_NEXT "subs r0, #48\n\tb 5b\n"
#endif
#define TFC_DENSE_QUAD TFC_DENSE_HALF TFC_DENSE_HALF
#define TFC_BODY_DENSE \
    "adds r1, #4\n" \
    "5:\tldrh r2, [r1, #-2]\n\tldrsh r12, [r1, #-4]\n\tcmp r2, #0\n\tbeq 9f\n\tadd r0, r0, r12\n\t" TFC_DENSE_END TFC_AHEAD \
    "ands r3, r2, #0x60\n\tbeq 1f\n\tcmp r3, #0x40\n\tbeq 3f\n\tbhi 4f\n\tb 2f\n" \
    "1:\t" TFC_DENSE_QUAD "\n2:\t" TFC_DENSE_QUAD "\n3:\t" TFC_DENSE_QUAD "\n4:\t" TFC_DENSE_QUAD \
    "ldr r2, [sp, #80]\n\tcmp r0, r2\n\tbne 1b\n\t" TFC_DENSE_NEXT "9:\t"
TFC_PASSES(tfc_pairs, TFC_BODY_DENSE)
#undef TFC_BODY_DENSE
#undef TFC_DENSE_QUAD
#undef TFC_DENSE_NEXT
#undef TFC_DENSE_END
#undef TFC_AHEAD
#undef TFC_DENSE_HALF
#else
TFC_INLINE const int8_t *tfc_runs(int32_t *sums, const uint32_t *x, const int8_t *w) {
    for (;;) {
        int32_t step = tfc_get(w, 2), bytes = (uint16_t)tfc_get(w + 2, 2);
        w += 4;
        if (bytes == 0) return w;
        x += step / 4;
        for (const uint32_t *end = x + bytes / 4; x != end; x += TFC_PITCH, w += 4) tfc_word(sums, x, w);
    }
}
TFC_PASSES(tfc_pairs, tfc_runs)
#endif

/* first and second += `bytes` of quads x their weights; in a column of a strip, or of words one behind another. */
#if defined(__ARM_FEATURE_DSP)
/* A line is a cycle. The weights are loaded a quad ahead. */
#define TFC_ONE_QUAD \
    "sxtb16 %[t], %[u]\n\tldr %[p], [%[x]], %[quad]\n\t" \
    "sxtb16 %[u], %[u], ror #8\n\tldr %[q], [%[x], %[back]]\n\t" \
    "smlad %[a], %[p], %[t], %[a]\n\tsxtb16 %[t], %[v]\n\t" \
    "smlad %[b], %[p], %[u], %[b]\n\tsxtb16 %[v], %[v], ror #8\n\t" \
    "smlad %[a], %[q], %[t], %[a]\n\tldr %[u], [%[w]], #8\n\t" \
    "smlad %[b], %[q], %[v], %[b]\n\tldr %[v], [%[w], #-4]\n"
TFC_INLINE void tfc_run_of_one(int32_t *first, int32_t *second, const uint32_t *x, const int8_t *w, int32_t bytes, int32_t pitch) {
    int32_t a = *first, b = *second, p, q, t, u, v;
    const uint32_t *end = x + bytes / 4;
    __asm__ volatile("ldr %[u], [%[w]], #8\n\tldr %[v], [%[w], #-4]\n\ttst %[bytes], %[odd]\n\tbne 2f\n"
                     "1:\t" TFC_ONE_QUAD "2:\t" TFC_ONE_QUAD "\tcmp %[x], %[end]\n\tbne 1b"
                     : [a] "+r"(a), [b] "+r"(b), [x] "+r"(x), [w] "+r"(w), [p] "=&r"(p), [q] "=&r"(q), [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v)
                     : [end] "r"(end), [bytes] "r"(bytes), [quad] "i"(8 * pitch), [back] "i"(-4 * pitch), [odd] "i"((8 * pitch) & -(8 * pitch))
                     : "cc", "memory");
    *first = a, *second = b;
}
#undef TFC_ONE_QUAD
#else
TFC_INLINE void tfc_run_of_one(int32_t *first, int32_t *second, const uint32_t *x, const int8_t *w, int32_t bytes, int32_t pitch) {
    for (const uint32_t *end = x + bytes / 4; x != end; x += 2 * pitch, w += 8) {
        uint32_t even = x[0], odd = x[pitch], word0 = tfc_load(w), word1 = tfc_load(w + 4);
        *first = tfc_smlad(odd, tfc_sxtb16(word1), tfc_smlad(even, tfc_sxtb16(word0), *first));
        *second = tfc_smlad(odd, tfc_sxtb16_8(word1), tfc_smlad(even, tfc_sxtb16_8(word0), *second));
    }
}
#endif

/* A pair of channels of one column. */
TFC_INLINE const int8_t *tfc_runs_of_one(int32_t *sums, const uint32_t *x, const int8_t *w, int32_t pitch) {
    for (;;) {
        int32_t step = tfc_get(w, 2), bytes = (uint16_t)tfc_get(w + 2, 2);
        w += 4;
        if (bytes == 0) return w;
        x += step / 4;
        tfc_run_of_one(sums, sums + 1, x, w, bytes, pitch);
        x += bytes / 4, w += bytes / pitch;
    }
}

static const int8_t *column(int32_t *sums, const uint32_t *x, const int8_t *w) {
    return tfc_runs_of_one(sums, x, w, TFC_PITCH);
}

static const int8_t *token(int32_t *sums, const uint32_t *x, const int8_t *w) {
    return tfc_runs_of_one(sums, x, w, 1);
}

void tfc_pairs_one(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(column, pass, w);
}

void tfc_pairs_token(const struct tfc_pass *pass, const void *w) {
    tfc_one_column(token, pass, w);
}
