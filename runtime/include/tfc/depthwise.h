/* Depthwise convolutions, a band of four channels at a time: what a kernel adds is how it computes the plane of a channel. */
#ifndef TFC_DEPTHWISE_H
#define TFC_DEPTHWISE_H

#include "tfc/columns.h"
#include "tfc/result.h"

/* Blocks of 2 x 2 results: `blocks` below one another make a stripe, `stripes` lie side by side. The inputs of the first begin at x.
 * Results lie `right` and `below` bytes from their neighbours, `next` from stripe to stripe; some are read from a table. */
struct tfc_blocks {
    int32_t right, below, next, m, zero, bias, blocks, stripes;
    const uint32_t *x, *w;
    const int8_t *table;
};

/* Computes the results of blocks, or their sums: column by column, TFC_ROWS apart. */
typedef void tfc_result_blocks(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y);
typedef void tfc_sums_blocks(const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *sums);
/* All of them from the function of a block: results that saturate, that are read from a table, and sums. */
#define TFC_BLOCKS(NAME, BLOCK) \
    TFC_APART void NAME##_plain(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y) { tfc_results_by_blocks(BLOCK, f, k, 1, y); } \
    TFC_APART void NAME##_table(const struct tfc_conv2d *f, const struct tfc_blocks *k, int8_t *y) { tfc_results_by_blocks(BLOCK, f, k, 0, y); } \
    TFC_APART void NAME##_sums(const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *y) { tfc_sums_by_blocks(BLOCK, f, k, y); }

/* Widens the weights of a channel. */
typedef void tfc_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w);

/* The four sums of a block, row by row. */
typedef void tfc_block(const struct tfc_conv2d *f, int32_t sums[4], const uint32_t *x, const uint32_t *w, int32_t bias);

/* Both strides and the window are constants: `pairs` are of columns. */
TFC_INLINE void tfc_block_of(int32_t a[4], const uint32_t *x, const uint32_t *w, int32_t bias, int32_t stride, int32_t kernel_h, int32_t pairs) {
    for (int32_t i = 0; i < 4; i++) a[i] = bias;
    for (int32_t j = 0; j < pairs; j++, x += TFC_COLUMN) {
        for (int32_t ky = 0; ky < kernel_h; ky++) {
            uint32_t even = *w++, odd = stride == 1 ? *w++ : even;
            const uint32_t *top = x + ky, *right = stride == 1 ? top : top + TFC_COLUMN;
            a[0] = tfc_smlad(top[0], even, a[0]);
            a[1] = tfc_smlad(right[0], odd, a[1]);
            a[2] = tfc_smlad(top[stride], even, a[2]);
            a[3] = tfc_smlad(right[stride], odd, a[3]);
        }
    }
}

TFC_INLINE void tfc_results_by_blocks(tfc_block *block, const struct tfc_conv2d *f, const struct tfc_blocks *k, int plain, int8_t *y) {
    for (int32_t stripe = 0; stripe < k->stripes; stripe++) {
        const uint32_t *x = k->x + stripe * f->stride_w * TFC_COLUMN;
        int8_t *to = y + stripe * k->next;
        for (int32_t i = 0; i < k->blocks; i++, x += 2 * f->stride_h, to += 2 * k->below) {
            int32_t sums[4];
            block(f, sums, x, k->w, k->bias);
            for (int32_t p = 0; p < 4; p++) sums[p] = tfc_direct_result(sums[p], k->m, k->zero, plain, k->table);
            to[k->right] = (int8_t)sums[1], to[0] = (int8_t)sums[0];
            to[k->below + k->right] = (int8_t)sums[3], to[k->below] = (int8_t)sums[2];
        }
    }
}

TFC_INLINE void tfc_sums_by_blocks(tfc_block *block, const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t *y) {
    for (int32_t stripe = 0; stripe < k->stripes; stripe++) {
        const uint32_t *x = k->x + stripe * f->stride_w * TFC_COLUMN;
        int32_t *to = y + stripe * 2 * TFC_ROWS;
        for (int32_t i = 0; i < k->blocks; i++, x += 2 * f->stride_h, to += 2) {
            int32_t sums[4];
            block(f, sums, x, k->w, k->bias);
            to[0] = sums[0], to[1] = sums[2], to[TFC_ROWS] = sums[1], to[TFC_ROWS + 1] = sums[3];
        }
    }
}

struct tfc_planes {
    tfc_weights *weights;
    tfc_result_blocks *plain, *table;
    tfc_sums_blocks *sums;
    int32_t words; /* of the weights of a channel */
};

enum { TFC_STRIPES = 8 }; /* whose sums there is room for */

/* Blocks from a row on. The second column of a last, odd one is overwritten by the first. */
TFC_INLINE void tfc_direct_rows(tfc_result_blocks *results, const struct tfc_conv2d *f, struct tfc_blocks k, int32_t row, int32_t blocks, int8_t *y) {
    k.x += row * f->stride_h, y += row * k.below;
    k.blocks = blocks, k.stripes = f->out_w >> 1;
    if (k.stripes) results(f, &k, y);
    if (f->out_w & 1) {
        k.x += k.stripes * f->stride_w * TFC_COLUMN, y += k.stripes * k.next;
        k.stripes = 1, k.right = 0;
        results(f, &k, y);
    }
}

/* Of an odd number of rows, the last block repeats the row above its own. */
TFC_INLINE void tfc_direct_plane(tfc_result_blocks *results, const struct tfc_conv2d *f, const struct tfc_blocks *k, int32_t rows, int8_t *y) {
    tfc_direct_rows(results, f, *k, 0, rows >> 1, y);
    if (rows & 1) tfc_direct_rows(results, f, *k, rows - 2, 1, y);
}

/* y is the first result of the channel's plane as an index; some stripes at a time. */
TFC_INLINE void tfc_summed_plane(tfc_sums_blocks *blocks, const struct tfc_conv2d *f, struct tfc_blocks k, struct tfc_walk at, const void *r, int32_t *sums, void *y) {
    int32_t left = f->out_w;
    k.blocks = (at.n + 1) >> 1;
    for (; left > 0; left -= at.rows, at.first += at.rows * f->out, k.x += TFC_STRIPES * f->stride_w * TFC_COLUMN) {
        at.rows = left < 2 * TFC_STRIPES ? left : 2 * TFC_STRIPES;
        k.stripes = (at.rows + 1) >> 1;
        blocks(f, &k, sums);
        f->result.end(&f->result, &at, sums, r, y);
    }
}

/* Four channels at a time; of the last four, those that are not done yet.
 * scratch: columns, the table of a clamp, weights of a channel, sums of stripes. */
TFC_INLINE void tfc_depthwise(const struct tfc_planes *planes, const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b,
                              const void *r, void *scratch, void *y) {
    int32_t rows = tfc_band_rows(f), taps = f->kernel_h * f->kernel_w;
    uint32_t *columns = scratch, *table = columns + tfc_columns(f) * TFC_COLUMN;
    uint32_t *weights = table + (f->result.direct == TFC_DIRECT_CLAMP ? TFC_TABLE_SIZE / 4 : 0);
    int32_t *sums = (int32_t *)(weights + planes->words);
    struct tfc_direct_ending end = tfc_direct_ending_of(&f->result, table);
    tfc_result_blocks *results = end.table ? planes->table : planes->plain;
    struct tfc_blocks k = {.right = f->out, .below = f->out_w * f->out, .next = 2 * f->out, .zero = end.zero, .w = weights, .table = end.table};
    for (int32_t first = 0; first < f->out_h; first += rows) {
        struct tfc_band band = tfc_band_from(f, first, rows);
        tfc_fill_columns(columns, &band, f->zero);
        for (int32_t channel = 0; channel < f->c;) {
            int32_t from = channel + 4 <= f->c || f->c < 4 ? channel : f->c - 4, behind = from + 4 < f->c ? from + 4 : f->c;
            tfc_widen_band(columns, &band, f, x, from);
            for (; channel < behind; channel++) {
                int32_t at = first * f->out_w * f->out + channel;
                planes->weights(f, weights, w + channel * taps);
                k.x = columns + (channel - from) * TFC_ROWS, k.m = f->result.multiplier[channel], k.bias = b[channel];
                if (f->result.direct && band.rows > 1) {
                    tfc_direct_plane(results, f, &k, band.rows, (int8_t *)y + at);
                } else {
                    struct tfc_walk walk = {.n = band.rows, .pitch = TFC_ROWS, .first = at, .row = f->out, .step = f->out_w * f->out, .channel = channel};
                    tfc_summed_plane(planes->sums, f, k, walk, r, sums, y);
                }
            }
        }
    }
}

#endif
