/* Depthwise convolutions, a band of four channels at a time: what a kernel adds is how it computes the plane of a channel. */
#ifndef TFC_DEPTHWISE_H
#define TFC_DEPTHWISE_H

#include "tfc/columns.h"
#include "tfc/result.h"

/* Blocks of 2 x 2 results: `blocks` below one another make a stripe, `stripes` lie side by side. Results lie `right` and `below` bytes from
 * their neighbours, `next` from stripe to stripe; some are read from a table. The first ones lie `x` words and `y` bytes behind those of the
 * plane. Loops on the chip count by addresses: where the first stripe ends and behind the last one, in bytes of inputs, and how far inputs
 * and results go from the end of a stripe to the next. */
struct tfc_blocks {
    int32_t right, below, zero, end, x_back, y_next, last;
    const int8_t *table;
    int32_t stride, blocks, stripes, next, x, y;
};

/* Computes the results of blocks, or their sums: column by column, TFC_ROWS apart. w: the multiplier, the bias, widened weights. */
typedef void tfc_result_blocks(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int8_t *y);
typedef void tfc_sums_blocks(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int32_t *sums);
enum { TFC_WEIGHTS = 2 }; /* where they begin */
/* All of them from the function of a block: results that saturate, that are read from a table, and sums. */
#define TFC_BLOCKS(NAME, BLOCK) \
    TFC_APART void NAME##_plain(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int8_t *y) { tfc_results_by_blocks(BLOCK, k, x, w, 1, y); } \
    TFC_APART void NAME##_table(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int8_t *y) { tfc_results_by_blocks(BLOCK, k, x, w, 0, y); } \
    TFC_APART void NAME##_sums(const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int32_t *y) { tfc_sums_by_blocks(BLOCK, k, x, w, y); }

/* Widens the weights of a channel. */
typedef void tfc_weights(const struct tfc_conv2d *f, uint32_t *to, const int8_t *w);

/* The four sums of a block, row by row. */
typedef void tfc_block(int32_t sums[4], const uint32_t *x, const uint32_t *w, int32_t bias);

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

TFC_INLINE void tfc_results_by_blocks(tfc_block *block, const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int plain, int8_t *y) {
    int32_t m = (int32_t)w[0], bias = (int32_t)w[1];
    for (int32_t stripe = 0; stripe < k->stripes; stripe++) {
        const uint32_t *from = x + stripe * k->stride * TFC_COLUMN;
        int8_t *to = y + stripe * k->next;
        for (int32_t i = 0; i < k->blocks; i++, from += 2 * k->stride, to += 2 * k->below) {
            int32_t sums[4];
            block(sums, from, w + TFC_WEIGHTS, bias);
            for (int32_t p = 0; p < 4; p++) sums[p] = tfc_direct_result(sums[p], m, k->zero, plain, k->table);
            to[k->right] = (int8_t)sums[1], to[0] = (int8_t)sums[0];
            to[k->below + k->right] = (int8_t)sums[3], to[k->below] = (int8_t)sums[2];
        }
    }
}

TFC_INLINE void tfc_sums_by_blocks(tfc_block *block, const struct tfc_blocks *k, const uint32_t *x, const uint32_t *w, int32_t *y) {
    for (int32_t stripe = 0; stripe < k->stripes; stripe++) {
        const uint32_t *from = x + stripe * k->stride * TFC_COLUMN;
        int32_t *to = y + stripe * 2 * TFC_ROWS;
        for (int32_t i = 0; i < k->blocks; i++, from += 2 * k->stride, to += 2) {
            int32_t sums[4];
            block(sums, from, w + TFC_WEIGHTS, (int32_t)w[1]);
            to[0] = sums[0], to[1] = sums[2], to[TFC_ROWS] = sums[1], to[TFC_ROWS + 1] = sums[3];
        }
    }
}

struct tfc_planes {
    tfc_weights *weights;
    tfc_result_blocks *plain, *table;
    tfc_sums_blocks *sums;
    int32_t words; /* of the weights of a channel */
    int32_t step;  /* bytes of inputs from where a stripe's last block begins, which may be two, to the stripe's end; 0 in plain C */
};

enum { TFC_STRIPES = 8 }; /* whose sums there is room for */

/* Blocks from a row and a stripe on. */
TFC_INLINE struct tfc_blocks tfc_blocks_from(struct tfc_blocks k, int32_t step, int32_t row, int32_t blocks, int32_t stripe, int32_t stripes) {
    int32_t bytes = 8 * k.stride * blocks, column = 4 * TFC_COLUMN * k.stride;
    k.blocks = blocks, k.stripes = stripes;
    k.x = row * k.stride + stripe * k.stride * TFC_COLUMN, k.y = row * k.below + stripe * k.next;
    k.end = bytes - step, k.last = k.end + stripes * column, k.x_back = column - bytes, k.y_next = k.next - 2 * blocks * k.below;
    return k;
}

/* The parts of a plane of two rows or more. Of an odd number of rows, the last block repeats the row above its own; the second column of a last, odd one is
 * overwritten by the first. Returns how many there are. */
TFC_INLINE int32_t tfc_parts_of(struct tfc_blocks parts[4], struct tfc_blocks k, int32_t step, int32_t rows, int32_t columns) {
    int32_t n = 0, right = k.right;
    for (int32_t odd = 0; odd <= (rows & 1); odd++) {
        int32_t row = odd ? rows - 2 : 0, blocks = odd ? 1 : rows >> 1;
        k.right = right;
        if (columns > 1) parts[n++] = tfc_blocks_from(k, step, row, blocks, 0, columns >> 1);
        k.right = 0;
        if (columns & 1) parts[n++] = tfc_blocks_from(k, step, row, blocks, columns >> 1, 1);
    }
    return n;
}

/* y is the first result of the channel's plane as an index; some stripes at a time. */
TFC_INLINE void tfc_summed_plane(const struct tfc_planes *planes, const struct tfc_conv2d *f, const uint32_t *x, const uint32_t *w, struct tfc_walk at,
                                 int32_t width, const void *r, int32_t *sums, void *y) {
    struct tfc_blocks k = {.right = 4 * TFC_ROWS, .below = 4, .next = 8 * TFC_ROWS, .stride = f->stride_w};
    for (int32_t left = width; left > 0; left -= at.rows, at.first += at.rows * f->out, x += TFC_STRIPES * f->stride_w * TFC_COLUMN) {
        at.rows = left < 2 * TFC_STRIPES ? left : 2 * TFC_STRIPES;
        k = tfc_blocks_from(k, planes->step, 0, (at.n + 1) >> 1, 0, (at.rows + 1) >> 1);
        planes->sums(&k, x, w, sums);
        f->result.end(&f->result, &at, sums, r, y);
    }
}

/* Four channels at a time; of the last four, those that are not done yet.
 * scratch: columns, the table of a clamp, weights of a channel behind its multiplier and bias, sums of stripes. */
TFC_INLINE void tfc_depthwise(const struct tfc_planes *planes, const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b,
                              const void *r, void *scratch, void *y) {
    int32_t rows = tfc_band_rows(f), width = tfc_band_width(f), taps = f->kernel_h * f->kernel_w, pitch = f->out_w * f->out;
    uint32_t *columns = scratch, *table = columns + tfc_columns(f, width) * TFC_COLUMN;
    uint32_t *weights = table + (f->result.direct == TFC_DIRECT_CLAMP ? TFC_TABLE_SIZE / 4 : 0);
    int32_t *sums = (int32_t *)(weights + TFC_WEIGHTS + planes->words);
    struct tfc_direct_ending end = tfc_direct_ending_of(&f->result, table);
    tfc_result_blocks *results = end.table ? planes->table : planes->plain;
    struct tfc_blocks parts[4], k = {.right = f->out, .below = pitch, .zero = end.zero, .table = end.table, .stride = f->stride_w, .next = 2 * f->out};
    for (int32_t first = 0; first < f->out_h; first += rows) {
        for (int32_t left = 0; left < f->out_w; left += width) {
            struct tfc_band band = tfc_band_from(f, first, rows, left, width);
            int32_t direct = f->result.direct && band.rows > 1 ? tfc_parts_of(parts, k, planes->step, band.rows, band.width) : 0;
            tfc_fill_columns(columns, &band, f->zero);
            for (int32_t channel = 0; channel < f->c;) {
                int32_t from = channel + 4 <= f->c || f->c < 4 ? channel : f->c - 4, behind = from + 4 < f->c ? from + 4 : f->c;
                tfc_widen_band(columns, &band, f, x, from);
                for (; channel < behind; channel++) {
                    const uint32_t *plane = columns + (channel - from) * TFC_ROWS;
                    int32_t at = first * pitch + left * f->out + channel;
                    weights[0] = (uint32_t)f->result.multiplier[channel], weights[1] = (uint32_t)b[channel];
                    planes->weights(f, weights + TFC_WEIGHTS, w + channel * taps);
                    for (struct tfc_blocks *part = parts; part != parts + direct; part++) results(part, plane + part->x, weights, (int8_t *)y + at + part->y);
                    if (!direct) {
                        struct tfc_walk walk = {.n = band.rows, .pitch = TFC_ROWS, .first = at, .row = f->out, .step = pitch, .channel = channel};
                        tfc_summed_plane(planes, f, plane, weights, walk, band.width, r, sums, y);
                    }
                }
            }
        }
    }
}

#endif
