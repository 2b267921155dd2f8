/* The facts and prototypes of all kernels. Sizes count elements; activations are NHWC or [tokens, channels]: int8, and int16
 * behind a void pointer where the facts say so. Order of arguments: facts, operands (x, w, b, then others), scratch, y.
 * The arithmetic is that of docs/arithmetic.md. */
#ifndef TFC_KERNELS_H
#define TFC_KERNELS_H

#include <stdint.h>

#include "tfc/loops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* b is b - zero * sum(w) where a kernel takes a bias: what lies in the padding is x = zero. It is 0 where the weights hold it. */
struct tfc_conv2d {
    int32_t h, w, c;
    int32_t out_h, out_w, out;
    int32_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups;
    int32_t zero; /* z_x */
    int32_t rows; /* of a strip (tfc/strip.h); 0 where windows are gathered */
    struct tfc_result result;
};

struct tfc_linear {
    int32_t tokens, in, out;
    int32_t x_bytes; /* of an element, 1 or 2 */
    int32_t strips;  /* that are widened together (tfc/strip.h) */
    struct tfc_result result;
};

/* r, the residual operand, is 0 where the result has none; its type and that of y are the ending's. Weights: see each kernel. */
typedef void tfc_conv2d_kernel(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y);
typedef void tfc_linear_kernel(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y);

tfc_conv2d_kernel tfc_conv2d_s8, tfc_conv2d_s8_few, tfc_conv2d_s8_grouped;
tfc_conv2d_kernel tfc_conv2d_s8_depthwise, tfc_conv2d_s8_depthwise3x3, tfc_conv2d_s8_depthwise_square;
tfc_linear_kernel tfc_linear_s8;
void tfc_conv_transpose2d_s8(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, void *y);

/* One multiplier for all channels. */
struct tfc_requantize {
    int32_t multiplier;
    int32_t zero;
    uint8_t shift;
    int16_t lo, hi;
};

/* [batch, m, k] x [batch, k, n]; a batch stride of 0 repeats the operand. */
struct tfc_matmul {
    int32_t batch, m, k, n, a_batch, b_batch, a_zero, b_zero;
    int32_t together; /* pairs of rows that are multiplied together */
    struct tfc_requantize result;
};

void tfc_matmul_s8(const struct tfc_matmul *f, const int8_t *a, const int8_t *b, void *scratch, int8_t *y);

/* Token t of sequence s is the pixel (t / row * step_y + s / patch_w, t % row * step_x + s % patch_w) of a map of width map_w.
 * Tokens on three axes: row = tokens, step_x = patch_w = 1, and one map a batch. */
struct tfc_tokens {
    int32_t count, row, step_y, step_x, map_w, map_pixels;
};

struct tfc_attention {
    int32_t batch, patch_h, patch_w, heads;
    int32_t together;            /* pairs of queries that are multiplied together, at most eight */
    int32_t c, v_c;              /* channels of q and k, and of v and y */
    struct tfc_tokens q, k;      /* v lies as k */
    const int16_t *exponent;     /* 1,024 entries */
    int64_t reciprocal;          /* K */
    int32_t multiplier;
    int32_t q_zero, v_zero, y_zero;
    uint8_t shift;
    int8_t lo, hi;
};

void tfc_attention_s8(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y);

/* What is added to the scores, in `step` steps of the exponent table; the lowest integer hides a key. */
struct tfc_bias {
    const int32_t *starts; /* [windows][heads]: where the rows of a sequence and head begin, in bytes */
    int32_t windows;       /* sequences take them by turns */
    int32_t row, step;     /* bytes from query to query: 0 where all have one row */
};

struct tfc_attention_bias {
    struct tfc_attention attention;
    struct tfc_bias bias;
};

void tfc_attention_s8_bias_s8(const struct tfc_attention_bias *f, const int8_t *q, const int8_t *k, const int8_t *v, const int8_t *bias, void *scratch, int8_t *y);
void tfc_attention_s8_bias_s16(const struct tfc_attention_bias *f, const int8_t *q, const int8_t *k, const int8_t *v, const int16_t *bias, void *scratch, int8_t *y);

struct tfc_softmax {
    int32_t rows, n;
    const int16_t *exponent; /* 256 entries */
    int64_t reciprocal;      /* K */
    int32_t zero;
};

void tfc_softmax_s8(const struct tfc_softmax *f, const int8_t *x, int8_t *y);

struct tfc_affine {
    int32_t gain, offset; /* g_c, h_c */
};

/* What the norms share; the sums of a row are over up to 32,768 elements. */
struct tfc_norm {
    const struct tfc_affine *affine; /* one a channel */
    int64_t epsilon, least;          /* count^2 eps / s_x^2, and the least W */
    uint8_t a, p, s;
};

struct tfc_rows_norm {
    int32_t rows, c;
    int32_t zero; /* z_x, for rms norm */
    struct tfc_norm norm;
};

void tfc_layer_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y);
void tfc_layer_norm_s16(const struct tfc_rows_norm *f, const int16_t *x, int8_t *y);
void tfc_rms_norm_s8(const struct tfc_rows_norm *f, const int8_t *x, int8_t *y);
void tfc_rms_norm_s16(const struct tfc_rows_norm *f, const int16_t *x, int8_t *y);

struct tfc_group_norm {
    int32_t batch, before, groups, channels, after; /* channels of a group */
    struct tfc_norm norm;
};

void tfc_group_norm_s8(const struct tfc_group_norm *f, const int8_t *x, int8_t *y);
void tfc_group_norm_s16(const struct tfc_group_norm *f, const int16_t *x, int8_t *y);

struct tfc_log_softmax {
    int32_t rows, n;
    const int16_t *exponent, *fraction; /* 256 entries each */
    const int32_t *octave;              /* 32 entries */
    int32_t multiplier, log_multiplier, c;
    uint8_t shift;
};

void tfc_log_softmax_s8(const struct tfc_log_softmax *f, const int8_t *x, int8_t *y);

/* Four loops over the result; strides in elements, 0 where an operand is broadcast; the last is 0 or 1. */
struct tfc_broadcast {
    int32_t n[4], a[4], b[4];
};

/* a_bytes, b_bytes, y_bytes: of an element, 1 or 2. packs: no sum, shifted, is too large for its four to be narrowed together. */
struct tfc_add {
    struct tfc_broadcast walk;
    int32_t a_multiplier, b_multiplier, c;
    uint8_t shift, a_bytes, b_bytes, y_bytes, packs;
    int16_t lo, hi;
};

void tfc_add_s8(const struct tfc_add *f, const void *a, const void *b, void *y);
void tfc_add_s16(const struct tfc_add *f, const void *a, const void *b, void *y);

struct tfc_mul {
    struct tfc_broadcast walk;
    int32_t a_zero, b_zero;
    uint8_t a_bytes, b_bytes, y_bytes;
    struct tfc_requantize result;
};

void tfc_mul_s8(const struct tfc_mul *f, const void *a, const void *b, void *y);
void tfc_mul_s16(const struct tfc_mul *f, const void *a, const void *b, void *y);

/* rows runs of n elements, y_row elements apart in the result; packs as above. */
struct tfc_rescale {
    int32_t rows, n, y_row;
    int32_t multiplier, c;
    uint8_t shift, x_bytes, y_bytes, packs;
};

void tfc_rescale_s8(const struct tfc_rescale *f, const void *x, void *y);
void tfc_rescale_s16(const struct tfc_rescale *f, const void *x, void *y);

struct tfc_table {
    int32_t n;
    const int8_t *table; /* 256 entries */
};

void tfc_table_s8(const struct tfc_table *f, const int8_t *x, int8_t *y);

/* [outer, n1, middle, n2, inner], summed over n1 and n2. */
struct tfc_mean {
    int32_t outer, n1, middle, n2, inner;
    int32_t x_zero;
    struct tfc_requantize result;
};

void tfc_mean_s8(const struct tfc_mean *f, const int8_t *x, int8_t *y);
void tfc_mean_s16(const struct tfc_mean *f, const int16_t *x, int8_t *y);

struct tfc_pool2d {
    int32_t h, w, c;
    int32_t out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
    int32_t x_zero;
    const int32_t *multiplier; /* by the number of elements in the window that are not padding; 0 for max */
    int32_t zero;
    uint8_t shift;
};

void tfc_avg_pool2d_s8(const struct tfc_pool2d *f, const int8_t *x, int8_t *y);
void tfc_max_pool2d_s8(const struct tfc_pool2d *f, const int8_t *x, int8_t *y);

/* Six loops, strides in bytes: transpose, slice, expand, unfold, concat, the inside of pad. */
struct tfc_strided_copy {
    int32_t n[6], x[6], y[6];
};

void tfc_strided_copy_s8(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y);

/* n bytes, of which each four are `word`. */
struct tfc_fill {
    int32_t n;
    uint32_t word;
};

void tfc_fill_s8(const struct tfc_fill *f, int8_t *y);

struct tfc_resize {
    int32_t w, c, out_h, out_w;  /* c in bytes */
    const int16_t *row, *column; /* the source of each row and column of the result */
};

void tfc_resize_nearest_s8(const struct tfc_resize *f, const int8_t *x, int8_t *y);

struct tfc_taps {
    int32_t first, second, share;
};

struct tfc_resize_bilinear {
    int32_t w, c, out_h, out_w;
    const struct tfc_taps *rows, *columns;
};

void tfc_resize_bilinear_s8(const struct tfc_resize_bilinear *f, const int8_t *x, int8_t *y);

struct tfc_take {
    int32_t outer, axis, n, run; /* run in bytes */
    const int16_t *index;
};

void tfc_take_s8(const struct tfc_take *f, const int8_t *x, int8_t *y);

#ifdef __cplusplus
}
#endif
#endif
