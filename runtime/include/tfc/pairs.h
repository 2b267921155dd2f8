/* Rows of int16 pairs, two by two, times rows of int8 as a projection wrote them: the values of attention, a matrix of activations.
 * A step is two rows of the right side. A few steps at a time are packed, all columns of them, for some pairs of rows together: rows that
 * lie far from one another share sets of the data cache, and would push each other out if they were read four columns at a time. */
#ifndef TFC_PAIRS_H
#define TFC_PAIRS_H

#include "tfc/simd.h"

enum { TFC_STEPS = 8 }; /* that are packed together */

/* Sums of quads of columns, and what is added to them. Behind pairs and panel, some words more are read. */
struct tfc_addends {
    int32_t *sums, *end;   /* [columns / 4][2 rows][4] */
    const uint32_t *pairs; /* of each step, that of the first row and that of the second */
    const uint32_t *panel;
    int32_t count; /* of steps, one to eight */
};

#if defined(__ARM_FEATURE_DSP)
/* r0 pairs, r1 panel, r4-r7 the sums of the first row, r8-r11 those of the second; r12 and lr the pairs of both. Half a step is in r3, then
 * its columns in r2 and r3. A line is a cycle. */
#define TFC_STEP2X4 \
    "sxtb16 r2, r3\n\t" \
    "smlad r4, r2, r12, r4\n\tsxtb16 r3, r3, ror #8\n\t" \
    "smlad r8, r2, lr, r8\n\tldr r2, [r1], #4\n\t" \
    "smlad r5, r3, r12, r5\n\t" \
    "smlad r9, r3, lr, r9\n\tsxtb16 r3, r2\n\t" \
    "smlad r6, r3, r12, r6\n\tsxtb16 r2, r2, ror #8\n\t" \
    "smlad r7, r2, r12, r7\n\tldr r12, [r0], #4\n\t" \
    "smlad r10, r3, lr, r10\n\tldr r3, [r1], #4\n\t" \
    "smlad r11, r2, lr, r11\n\tldr lr, [r0], #4\n\t"
/* No loop over steps: it is entered so that as many are left as there are; a step is 64 bytes of code. */
__attribute__((naked, noinline, unused)) static void tfc_add_pairs(__attribute__((unused)) const struct tfc_addends *f) {
    __asm__ volatile("push {r4-r11, lr}\n\tsub sp, sp, #20\n\tldm r0, {r4-r8}\n\tmov r1, r7\n\t"
                     "adr.w r7, 3f\n\tsub r7, r7, r8, lsl #6\n\torr r7, r7, #1\n\tstm sp, {r4-r7}\n\tldr r3, [r1], #4\n"
                     "ldr r0, [sp]\n"
                     "1:\tldr r2, [sp, #8]\n\tstr r0, [sp]\n\tldm r0, {r4-r11}\n\tldrd r12, lr, [r2]\n\tadd.w r0, r2, #8\n\tldr pc, [sp, #12]\n"
                     "2:\t.rept 8\n\t" TFC_STEP2X4 ".endr\n"
                     "3:\tldrd r0, r2, [sp]\n\tstm r0!, {r4-r11}\n\tcmp r0, r2\n\tbne 1b\n\t"
                     "add sp, sp, #20\n\tpop {r4-r11, pc}");
}
#undef TFC_STEP2X4
#else
TFC_APART void tfc_add_pairs(const struct tfc_addends *f) {
    const uint32_t *panel = f->panel;
    for (int32_t *sums = f->sums; sums != f->end; sums += 8) {
        for (int32_t i = 0; i < 2 * f->count; i++, panel++) {
            for (int32_t row = 0; row < 2; row++) {
                uint32_t pair = f->pairs[2 * (i >> 1) + row];
                int32_t *sum = sums + 4 * row + 2 * (i & 1);
                sum[0] = tfc_smlad(tfc_sxtb16(*panel), pair, sum[0]);
                sum[1] = tfc_smlad(tfc_sxtb16_8(*panel), pair, sum[1]);
            }
        }
    }
}
#endif

/* `count` bytes, at most 4, as a quad that ends in zeros. */
TFC_INLINE uint32_t tfc_load_tail(const int8_t *x, int32_t count) {
    uint32_t quad = 0;
    for (int32_t i = 0; i < count; i++) quad |= (uint32_t)(uint8_t)x[i] << 8 * i;
    return quad;
}

/* The right side: its rows, and where they lie, in bytes; the last one twice if there is an odd number. */
struct tfc_right {
    const int8_t *rows;
    const int32_t *places;
    int32_t columns;
};

/* Whole quads of columns of steps become [quads][steps][2]: the first two columns of both rows of a step, and the last two. */
struct tfc_packing {
    const int32_t *places, *end; /* two for each step */
    const int8_t *rows;
    uint32_t *panel;
    int32_t pitch; /* bytes from quad to quad */
    int32_t quads; /* at least one */
};

#if defined(__ARM_FEATURE_DSP)
/* r0 and r1 the rows, r2 the panel, r3 its pitch, r4 and r5 words of both rows; the second and third line load the next ones. */
#define TFC_PACK "pkhbt r6, r4, r5, lsl #16\n\t"
#define TFC_PACKED "add.w r2, r2, r3\n\tstrd r6, r7, [r2]\n\t"
#define TFC_PACK_QUAD TFC_PACK "pkhtb r7, r5, r4, asr #16\n\tldr r4, [r0], #4\n\tldr r5, [r1], #4\n\t" TFC_PACKED
/* Entered so that the last quad remains, behind turns of sixteen: 24 bytes of code are a quad. r8 places, r9 their end, r10 the rows, r11 the
 * panel less its pitch, r12 where turns are entered (lr would be foretold as a return), lr how long the first row is but for its last quad. */
__attribute__((naked, noinline, unused)) static void tfc_pack_quads(__attribute__((unused)) const struct tfc_packing *f) {
    __asm__ volatile("push {r4-r11, lr}\n\tldm r0, {r8-r11}\n\tldrd r3, lr, [r0, #16]\n\tsub r11, r11, r3\n\tsub lr, lr, #1\n\t"
                     "and r4, lr, #15\n\tadd r4, r4, r4, lsl #1\n\tadr.w r12, 3f\n\tsub r12, r12, r4, lsl #3\n\torr r12, r12, #1\n\tlsl lr, lr, #2\n\t"
                     "sub sp, sp, #4\n"
                     "1:\tldrd r0, r1, [r8], #8\n\tmov r2, r11\n\tadd r0, r0, r10\n\tadd r1, r1, r10\n\tldr r4, [r0], #4\n\tldr r5, [r1], #4\n\t"
                     "add r6, r0, lr\n\tstr r6, [sp]\n\tbx r12\n"
                     "2:\t.rept 16\n\t" TFC_PACK_QUAD ".endr\n"
                     "3:\tldr r6, [sp]\n\tcmp r0, r6\n\tbne 4f\n\t" TFC_PACK "pkhtb r7, r5, r4, asr #16\n\tadds r11, #8\n\t" TFC_PACKED
                     "cmp r8, r9\n\tbne 1b\n\tadd sp, sp, #4\n\tpop {r4-r11, pc}\n4:\tb 2b");
}
#undef TFC_PACK_QUAD
#undef TFC_PACKED
#undef TFC_PACK
#else
TFC_APART void tfc_pack_quads(const struct tfc_packing *f) {
    uint32_t *panel = f->panel;
    for (const int32_t *place = f->places; place != f->end; place += 2, panel += 2) {
        for (int32_t quad = 0; quad < f->quads; quad++) {
            uint32_t upper = tfc_load(f->rows + place[0] + 4 * quad), lower = tfc_load(f->rows + place[1] + 4 * quad);
            uint32_t *to = panel + quad * f->pitch / 4;
            to[0] = tfc_pkhbt(upper, lower), to[1] = tfc_pkhtb(upper, lower);
        }
    }
}
#endif

/* Packs steps, all of their columns. */
TFC_APART void tfc_pack_steps(const struct tfc_right *right, int32_t first, uint32_t *panel, int32_t count) {
    const int32_t *place = right->places + 2 * first;
    int32_t whole = right->columns & ~3, tail = right->columns & 3;
    const struct tfc_packing packing = {place, place + 2 * count, right->rows, panel, 8 * count, whole / 4};
    if (whole > 0) tfc_pack_quads(&packing);
    panel += whole / 2 * count;
    for (int32_t i = 0; tail > 0 && i < count; i++, place += 2, panel += 2) {
        uint32_t upper = tfc_load_tail(right->rows + place[0] + whole, tail), lower = tfc_load_tail(right->rows + place[1] + whole, tail);
        panel[0] = tfc_pkhbt(upper, lower), panel[1] = tfc_pkhtb(upper, lower);
    }
}

/* How some pairs of rows are multiplied together: sums [pairs of rows][columns / 4][2][4], and pairs [pairs of rows][steps][2]. */
struct tfc_group {
    uint32_t *pairs, *panel;
    int32_t *sums;
    int32_t steps, quads; /* of columns */
};

TFC_INLINE int32_t tfc_quads_of(int32_t columns) {
    return (columns + 3) >> 2;
}

/* Lays out a group of up to `together` pairs of rows; returns what is behind it. */
TFC_INLINE void *tfc_group_at(struct tfc_group *g, void *scratch, int32_t together, int32_t steps, int32_t columns) {
    g->steps = steps, g->quads = tfc_quads_of(columns);
    g->pairs = scratch;
    g->panel = g->pairs + 2 * steps * together;
    g->sums = (int32_t *)(g->panel + 2 * g->quads * (steps < TFC_STEPS ? steps : TFC_STEPS));
    return g->sums + 8 * g->quads * together;
}

TFC_INLINE uint32_t *tfc_pairs_of(const struct tfc_group *g, int32_t index) {
    return g->pairs + 2 * g->steps * index;
}

TFC_INLINE int32_t *tfc_sums_of(const struct tfc_group *g, int32_t index) {
    return g->sums + 8 * g->quads * index;
}

TFC_INLINE void tfc_start_sums(const struct tfc_group *g, int32_t index, int32_t first, int32_t second) {
    int32_t *sum = tfc_sums_of(g, index);
    TFC_ROLLED for (int32_t *end = sum + 8 * g->quads; sum != end; sum += 8) {
        for (int32_t i = 0; i < 4; i++) sum[i] = first, sum[4 + i] = second;
    }
}

/* Adds the products with all steps to the sums of `together` pairs of rows. */
TFC_APART void tfc_multiply_group(const struct tfc_group *g, int32_t together, const struct tfc_right *right) {
    for (int32_t done = 0; done < g->steps; done += TFC_STEPS) {
        int32_t count = g->steps - done < TFC_STEPS ? g->steps - done : TFC_STEPS;
        tfc_pack_steps(right, done, g->panel, count);
        for (int32_t i = 0; i < together; i++) {
            struct tfc_addends addends = {tfc_sums_of(g, i), tfc_sums_of(g, i + 1), tfc_pairs_of(g, i) + 2 * done, g->panel, count};
            tfc_add_pairs(&addends);
        }
    }
}

#endif
