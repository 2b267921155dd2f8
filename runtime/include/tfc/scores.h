/* Products of two queries, widened, with keys that lie as a projection wrote them. */
#ifndef TFC_SCORES_H
#define TFC_SCORES_H

#include "tfc/simd.h"

struct tfc_scores {
    int32_t *to, *end;     /* scores of the first query */
    const int32_t *places; /* of the keys, in bytes; behind the last one, two words more that are only read */
    const int8_t *keys;
    const uint32_t *query; /* for each quad of channels the pairs (0, 2) of both queries, then (1, 3) */
    int32_t quads;         /* at least one */
    int32_t distance;      /* to scores of the second query, in bytes */
};

#if defined(__ARM_FEATURE_DSP)
/* r0 where the query ends, r1 query, r4-r7 scores, r8 and r9 the keys. r10 and r11 hold a quad of each, then its even pairs; r12 and lr its
 * odd ones; r2 and r3 the pairs of both queries. A line is a cycle; the last three lines begin the next quad. */
#define TFC_QUAD2X2 \
    "smlad r4, r10, r2, r4\n\tsxtb16 lr, r11, ror #8\n\t" \
    "smlad r6, r10, r3, r6\n\tsxtb16 r11, r11\n\t" \
    "smlad r5, r11, r2, r5\n\tldr r2, [r1], #4\n\t" \
    "smlad r7, r11, r3, r7\n\tldr r3, [r1], #4\n\t" \
    "smlad r4, r12, r2, r4\n\tldr r10, [r8], #4\n\t" \
    "smlad r5, lr, r2, r5\n\tldr r2, [r1], #4\n\t" \
    "smlad r6, r12, r3, r6\n\tldr r11, [r9], #4\n\t" \
    "smlad r7, lr, r3, r7\n\tsxtb16 r12, r10, ror #8\n\t" \
    "sxtb16 r10, r10\n\tldr r3, [r1], #4\n\t"
/* The last quad, after which r10 is where scores go and r1 the query again. */
#define TFC_LAST_QUAD2X2 \
    "smlad r4, r10, r2, r4\n\tsxtb16 lr, r11, ror #8\n\t" \
    "smlad r6, r10, r3, r6\n\tsxtb16 r11, r11\n\t" \
    "smlad r5, r11, r2, r5\n\tldr r2, [r1]\n\t" \
    "smlad r7, r11, r3, r7\n\tldr r3, [r1, #4]\n\t" \
    "smlad r4, r12, r2, r4\n\tldr r10, [sp]\n\t" \
    "smlad r5, lr, r2, r5\n\tldr r11, [sp, #8]\n\t" \
    "smlad r6, r12, r3, r6\n\tldr r1, [sp, #16]\n\t" \
    "smlad r7, lr, r3, r7\n\tldr r12, [sp, #12]\n\t"
/* The loop takes sixteen quads a turn, so that most heads need no more, and is entered so that the last quad remains: a quad is 72 bytes of
 * code. */
__attribute__((naked, noinline, unused)) static void tfc_scores2x2(__attribute__((unused)) const struct tfc_scores *f) {
    __asm__ volatile("push {r4-r11, lr}\n\tsub sp, sp, #28\n\tldm r0, {r4-r10}\n\t"
                     "subs r9, #1\n\tadd r0, r8, r9, lsl #4\n\tadds r0, #8\n\tand r9, r9, #15\n\tadd r9, r9, r9, lsl #3\n\t"
                     "adr.w r11, 3f\n\tsub r9, r11, r9, lsl #3\n\torr r9, r9, #1\n\tstm sp, {r4-r10}\n\t"
                     "ldrd r8, r9, [r6]\n\tadd r8, r8, r7\n\tadd r9, r9, r7\n\tldr r1, [sp, #16]\n"
                     "1:\tldr r10, [r8], #4\n\tldr r2, [r1], #4\n\tldr r11, [r9], #4\n\tldr r3, [r1], #4\n\t"
                     "movs r4, #0\n\tmovs r5, #0\n\tsxtb16 r12, r10, ror #8\n\tmovs r6, #0\n\tmovs r7, #0\n\t"
                     "sxtb16 r10, r10\n\tldr pc, [sp, #20]\n"
                     "2:\t.rept 16\n\t" TFC_QUAD2X2 ".endr\n"
                     "3:\tcmp r1, r0\n\tbne 4f\n\t" TFC_LAST_QUAD2X2
                     "ldr r8, [r11, #8]!\n\tldr r3, [sp, #24]\n\tldr r9, [r11, #4]\n\tldr r2, [sp, #4]\n\tadd r3, r10\n\tstr r11, [sp, #8]\n\t"
                     "strd r6, r7, [r3]\n\tadd r8, r8, r12\n\tadd r9, r9, r12\n\t"
                     "strd r4, r5, [r10], #8\n\tstr r10, [sp]\n\tcmp r10, r2\n\tbne 1b\n\t"
                     "add sp, sp, #28\n\tpop {r4-r11, pc}\n4:\tb 2b"); /* from behind: a branch back that is not taken is foretold as taken */
}
#undef TFC_QUAD2X2
#undef TFC_LAST_QUAD2X2
#else
TFC_APART void tfc_scores2x2(const struct tfc_scores *f) {
    const int32_t *place = f->places;
    for (int32_t *to = f->to; to != f->end; to++, place++) {
        const uint32_t *query = f->query;
        int32_t first = 0, second = 0;
        for (int32_t quad = 0; quad < f->quads; quad++, query += 4) {
            uint32_t word = tfc_load(f->keys + *place + 4 * quad), even = tfc_sxtb16(word), odd = tfc_sxtb16_8(word);
            first = tfc_smlad(odd, query[2], tfc_smlad(even, query[0], first));
            second = tfc_smlad(odd, query[3], tfc_smlad(even, query[1], second));
        }
        to[0] = first, to[f->distance / (int32_t)sizeof *to] = second;
    }
}
#endif
#endif
