/* Attention two query rows at a time, streamed: what its kernels share. They differ in how scores become weights.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch: see attention_together in backends/shapes.py; it grows by 12 bytes a key. */
#ifndef TFC_ATTENTION_H
#define TFC_ATTENTION_H

#include "tfc/kernels.h"
#include "tfc/pairs.h"
#include "tfc/reciprocal.h"
#include "tfc/result.h"
#include "tfc/scores.h"

/* The memory of some pairs of query rows. */
struct tfc_rows {
    int32_t *keys, *values; /* where tokens lie, in bytes; an odd last one twice */
    struct tfc_group group; /* steps of two keys; scores of a first row become pairs of exponents in place */
    int32_t *second;        /* scores of a second row */
    uint32_t *query;        /* two rows, as tfc_scores2x2 takes them */
};

TFC_INLINE struct tfc_rows tfc_rows_of(const struct tfc_attention *f, void *scratch) {
    struct tfc_rows s = {.keys = scratch};
    int32_t steps = (f->k.count + 1) / 2;
    s.values = f->c == f->v_c ? s.keys : s.keys + 2 * steps;
    s.second = tfc_group_at(&s.group, s.values + 2 * steps, f->together, steps, f->v_c / f->heads);
    s.query = (uint32_t *)(s.second + 2 * steps);
    return s;
}

TFC_INLINE int32_t tfc_place_of(const struct tfc_tokens *f, int32_t token, int32_t patch_y, int32_t patch_x, int32_t c) {
    int32_t row = token / f->row, column = token - row * f->row;
    return ((row * f->step_y + patch_y) * f->map_w + column * f->step_x + patch_x) * c;
}

/* Where the keys and values of a sequence lie. */
TFC_INLINE void tfc_find_keys(const struct tfc_attention *f, const struct tfc_rows *rows, int32_t patch_y, int32_t patch_x) {
    for (int32_t i = 0, last = f->k.count - 1; i < 2 * rows->group.steps; i++) {
        rows->keys[i] = tfc_place_of(&f->k, i < last ? i : last, patch_y, patch_x, f->c);
        rows->values[i] = tfc_place_of(&f->k, i < last ? i : last, patch_y, patch_x, f->v_c);
    }
}

/* One of two queries; `to` is at its first pair. What lies behind the head meets zeros of the keys. */
TFC_INLINE void tfc_widen_query(uint32_t *to, const int8_t *q, int32_t head, int32_t zero) {
    uint32_t zeros = tfc_pkhbt((uint32_t)zero, (uint32_t)zero);
    for (; head > 0; head -= 4, q += 4, to += 4) {
        uint32_t quad = head >= 4 ? tfc_load(q) : tfc_load_tail(q, head);
        to[0] = tfc_ssub16(tfc_sxtb16(quad), zeros);
        to[2] = tfc_ssub16(tfc_sxtb16_8(quad), zeros);
    }
}

/* Scores of both rows with all keys, an odd last one twice. `to` is where those of the first row go. */
TFC_APART void tfc_score(const struct tfc_attention *f, const struct tfc_rows *rows, const int8_t *k, int32_t *to) {
    int32_t head = f->c / f->heads, tail = head & 3, *const both[2] = {to, rows->second}, keys = 2 * rows->group.steps;
    const uint32_t *query = rows->query + (head & ~3);
    const struct tfc_scores scores = {to, to + keys, rows->keys, k, rows->query, head >> 2, (int32_t)sizeof *to * (int32_t)(rows->second - to)};
    if (scores.quads > 0) tfc_scores2x2(&scores);
    for (int32_t key = 0; tail > 0 && key < keys; key++) {
        uint32_t quad = tfc_load_tail(k + rows->keys[key] + (head & ~3), tail), even = tfc_sxtb16(quad), odd = tfc_sxtb16_8(quad);
        for (int32_t i = 0; i < 2; i++) {
            both[i][key] = tfc_smlad(even, query[i], tfc_smlad(odd, query[2 + i], scores.quads > 0 ? both[i][key] : 0));
        }
    }
}

/* Exponents of the scores of a row, by their distance to the greatest, in pairs; perhaps in place. What lies behind the last key weighs
 * nothing. Returns their sum. `exponent` knows the unit of a distance. */
TFC_INLINE int32_t tfc_weigh_row(const struct tfc_attention *facts, int32_t top, const int32_t *score, uint32_t *pair,
                                 int32_t exponent(const struct tfc_attention *f, int32_t distance)) {
    const struct tfc_attention copy = *facts, *f = &copy; /* no store can change the copy */
    const int32_t *end = score + (f->k.count & ~3);
    uint32_t ones = tfc_pkhbt(1, 1);
    int32_t sum = 0, left = f->k.count & 3;
    TFC_ROLLED for (; score != end; score += 4, pair += 4) {
        int32_t e[4] = {score[0], score[1], score[2], score[3]};
        for (int32_t i = 0; i < 4; i++) e[i] = exponent(f, top - e[i]);
        uint32_t first = tfc_pkhbt((uint32_t)e[0], (uint32_t)e[1]), second = tfc_pkhbt((uint32_t)e[2], (uint32_t)e[3]);
        sum = tfc_smlad(second, ones, tfc_smlad(first, ones, sum));
        pair[0] = first, pair[2] = second;
    }
    TFC_ROLLED for (; left > 0; left -= 2, score += 2, pair += 2) {
        int32_t first = exponent(f, top - score[0]), second = left > 1 ? exponent(f, top - score[1]) : 0;
        *pair = tfc_pkhbt((uint32_t)first, (uint32_t)second);
        sum += first + second;
    }
    return sum;
}

TFC_INLINE void tfc_end_row_as(int full, const struct tfc_attention *f, const int32_t *sum, int32_t factor, int8_t *y) {
    int32_t left = f->v_c / f->heads, offset = 256 * f->y_zero + 128, lo = f->lo, hi = f->hi;
    TFC_ROLLED for (; left >= 4; left -= 4, sum += 8, y += 4) {
        int32_t v[4] = {sum[0], sum[1], sum[2], sum[3]};
        for (int32_t i = 0; i < 4; i++) v[i] = tfc_smmlar(v[i], factor, offset) >> 8;
        for (int32_t i = 0; i < 4; i++) y[i] = tfc_cut(v[i], full, lo, hi);
    }
    TFC_ROLLED for (int32_t i = 0; i < left; i++) y[i] = (int8_t)tfc_clamp(tfc_smmlar(sum[i], factor, offset) >> 8, lo, hi);
}

/* From the sums of a row, one of two, to its results. */
TFC_APART void tfc_end_row(const struct tfc_attention *f, const int32_t *sum, int32_t factor, int8_t *y) {
    if (tfc_is_full(f->lo, f->hi)) tfc_end_row_as(1, f, sum, factor, y);
    else tfc_end_row_as(0, f, sum, factor, y);
}

enum { TFC_MOST_PAIRS = 8 }; /* of rows, together */

/* Where a head of a sequence begins in all that it reads and writes. */
struct tfc_at {
    const int8_t *q, *k, *v, *bias;
    int8_t *y;
    int32_t patch_y, patch_x;
};

/* The scores of a row become pairs of exponents; both are given at the row's first. Returns the sum of the exponents. */
typedef int32_t tfc_weigh(const struct tfc_attention *f, int32_t *score, uint32_t *pair, const struct tfc_bias *bias, const int8_t *bias_row);

/* One head of the tokens of one place in the patches; the last row may be computed twice. */
TFC_INLINE void tfc_attend(const struct tfc_attention *f, const struct tfc_rows *rows, const struct tfc_at *at, tfc_weigh *weigh, const struct tfc_bias *bias) {
    const struct tfc_right values = {at->v, rows->values, f->v_c / f->heads};
    int32_t head = f->c / f->heads, last = f->q.count - 1;
    for (int32_t token = 0; token <= last; token += 2 * f->together) {
        int32_t factors[2 * TFC_MOST_PAIRS], count = 0;
        for (int32_t i = 0; i < f->together && token + 2 * i <= last; i++, count++) {
            int32_t *first = (int32_t *)tfc_pairs_of(&rows->group, i), sums[2], row[2];
            for (int32_t j = 0; j < 2; j++) {
                row[j] = token + 2 * i + j < last ? token + 2 * i + j : last;
                tfc_widen_query(rows->query + j, at->q + tfc_place_of(&f->q, row[j], at->patch_y, at->patch_x, f->c), head, f->q_zero);
            }
            tfc_score(f, rows, at->k, first);
            for (int32_t j = 0; j < 2; j++) {
                sums[j] = weigh(f, j ? rows->second : first, (uint32_t *)first + j, bias, bias ? at->bias + row[j] * bias->row : 0);
                factors[2 * i + j] = tfc_reciprocal(sums[j], f->reciprocal);
            }
            tfc_start_sums(&rows->group, i, -f->v_zero * sums[0], -f->v_zero * sums[1]);
        }
        tfc_multiply_group(&rows->group, count, &values);
        for (int32_t i = 0; i < 2 * count && token + i <= last; i++) {
            int8_t *y = at->y + tfc_place_of(&f->q, token + i, at->patch_y, at->patch_x, f->v_c);
            tfc_end_row(f, tfc_sums_of(&rows->group, i >> 1) + 4 * (i & 1), factors[i], y);
        }
    }
}

/* All heads of all sequences; a kernel without a bias gives none. */
TFC_INLINE void tfc_attend_all(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, const struct tfc_bias *bias,
                               const int8_t *values, void *scratch, int8_t *y, tfc_weigh *weigh) {
    struct tfc_rows rows = tfc_rows_of(f, scratch);
    for (int32_t batch = 0; batch < f->batch; batch++) {
        for (int32_t i = 0; i < f->patch_h * f->patch_w; i++) {
            tfc_find_keys(f, &rows, i / f->patch_w, i % f->patch_w);
            for (int32_t head = 0; head < f->heads; head++) {
                int32_t channel = head * (f->c / f->heads), value = head * (f->v_c / f->heads);
                const int8_t *first = bias ? values + bias->starts[batch % bias->windows * f->heads + head] : 0;
                struct tfc_at at = {q + channel, k + channel, v + value, first, y + value, i / f->patch_w, i % f->patch_w};
                tfc_attend(f, &rows, &at, weigh, bias);
            }
        }
        q += f->q.map_pixels * f->c;
        y += f->q.map_pixels * f->v_c;
        k += f->k.map_pixels * f->c;
        v += f->k.map_pixels * f->v_c;
    }
}

#endif
