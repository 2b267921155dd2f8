/* From inputs to sums, and from sums to results: the functions that the facts of convolutions and linears name. */
#ifndef TFC_LOOPS_H
#define TFC_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tfc_result;

/* Where sums lie and where their results go: `rows` of n sums, `pitch` apart. The first result is element `first` of y; a row is
 * `row` elements behind the row before it, a sum `step` behind its neighbour. The first row is of `channel`, the next `channel_step` on. */
struct tfc_walk {
    int32_t rows, n, pitch, first, row, step, channel, channel_step;
};

/* From sums to results: one function a kind of ending and types of r (the residual operand) and y. */
typedef void tfc_ending(const struct tfc_result *f, const struct tfc_walk *at, const int32_t *sums, const void *r, void *y);

tfc_ending tfc_end_plain_s8, tfc_end_plain_s16; /* no clamp but that of the type; for int8, k = 0 */
tfc_ending tfc_end_clamp_s8, tfc_end_clamp_s16;
tfc_ending tfc_end_table_s8;
tfc_ending tfc_end_residual_s8, tfc_end_residual_s16, tfc_end_residual_s8_to_s16, tfc_end_residual_s16_to_s8;
tfc_ending tfc_end_residual_table_s8, tfc_end_residual_table_s16_to_s8;

/* Neighbouring columns of a strip (tfc/strip.h), as many as a loop takes: where column 0 is, and where its next result goes. A list of them
 * ends with x = 0. */
struct tfc_columns {
    const uint32_t *x;
    void *y; /* int8; or sums [out rounded up][columns] */
};

/* All outputs of some columns. The channels that a loop takes together serve them all before the next ones, so that their weights come from
 * flash once. */
struct tfc_pass {
    const int32_t *multiplier; /* one a channel */
    int32_t step;              /* of y, from column to column */
    int32_t zero;
    struct tfc_columns *columns;
    const int32_t *end; /* of the multipliers, rounded up to what a loop takes together */
    int32_t residual;   /* m_r */
    ptrdiff_t distance; /* from a result to its residual */
    const int8_t *table;
    uint32_t shift; /* k, where there is a residual */
};

/* A format of weights, and what becomes of the sums: nothing, int8 by the plain ending, from a table, with a residual, or both. */
typedef void tfc_loop(const struct tfc_pass *pass, const void *w);

/* `one` takes one column of a strip, `token` a token whose pairs lie one behind another; with a step of 0 they leave its sums. */
tfc_loop tfc_pairs_sums, tfc_pairs_plain, tfc_pairs_table, tfc_pairs_residual, tfc_pairs_residual_table, tfc_pairs_one, tfc_pairs_token;
tfc_loop tfc_block1x1_sums, tfc_block1x1_plain, tfc_block1x1_table, tfc_block1x1_residual, tfc_block1x1_residual_table, tfc_block1x1_one;
tfc_loop tfc_block1x2_sums, tfc_block1x2_plain, tfc_block1x2_table, tfc_block1x2_residual, tfc_block1x2_residual_table, tfc_block1x2_one;
tfc_loop tfc_block1x4_sums, tfc_block1x4_plain, tfc_block1x4_table, tfc_block1x4_residual, tfc_block1x4_residual_table, tfc_block1x4_one;
tfc_loop tfc_block2x2_sums, tfc_block2x2_plain, tfc_block2x2_table, tfc_block2x2_residual, tfc_block2x2_residual_table, tfc_block2x2_one;
tfc_loop tfc_block2x4_sums, tfc_block2x4_plain, tfc_block2x4_table, tfc_block2x4_residual, tfc_block2x4_residual_table, tfc_block2x4_one, tfc_block2x4_token;
tfc_loop tfc_block4x1_sums, tfc_block4x1_one;

/* Makes `columns` columns of a strip from their c channels: int8 or int16, in the order that a format of weights wants (tfc/strip.h). */
typedef void tfc_widening(uint32_t *strip, int32_t columns, const int8_t *const *x, int32_t c);

tfc_widening tfc_widen_quads_s8, tfc_widen_quads_s16, tfc_widen_pairs_s8, tfc_widen_pairs_s16, tfc_widen_twos_s8;

/* Products over strips. */
struct tfc_loops {
    tfc_widening *widen;
    tfc_loop *sums, *one;      /* the second of one column, or of the only token */
    tfc_loop *whole;           /* 0 where no loop does what `end` does */
    uint8_t columns, channels; /* that a loop takes together, powers of two */
};

/* What kernels may do to int8 sums themselves where they can, instead of `end`: nothing; SMMLAR, and then SSAT, the table, or lo and hi. */
enum tfc_direct { TFC_INDIRECT, TFC_DIRECT_PLAIN, TFC_DIRECT_TABLE, TFC_DIRECT_CLAMP };

/* How the sums of a convolution or linear become the result. */
struct tfc_result {
    const int32_t *multiplier; /* m, one a channel */
    const int8_t *table;       /* 1,024 entries, or 0 */
    tfc_ending *end;
    struct tfc_loops loops;
    int32_t zero;              /* z_y, z_t, or c of the residual */
    int32_t residual;          /* m_r */
    uint8_t shift;             /* k */
    uint8_t fraction;          /* f */
    uint8_t direct;            /* enum tfc_direct */
    int16_t lo, hi;
};

#ifdef __cplusplus
}
#endif

#endif
