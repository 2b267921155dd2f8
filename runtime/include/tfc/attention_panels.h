/* Attention two query rows at a time over widened k and v: what its kernels share. They differ in how scores become weights.
 * q: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch, with n = tokens of k, d and e = channels of a head of k and of v, all rounded up to 4: 2 * n * (d + e) + 12 * n + 4 * d bytes. */
#ifndef TFC_ATTENTION_PANELS_H
#define TFC_ATTENTION_PANELS_H

#include "tfc/attention.h"
#include "tfc/pairs.h"
#include "tfc/panel.h"

/* The memory of a head; keys and head are rounded up to 4. */
struct tfc_head {
    uint32_t *k;      /* for each four keys: the panel of their channels */
    uint32_t *v;      /* for each four channels: the panel of their keys */
    int32_t *score;   /* [keys / 4][2][4]: for each four keys the scores of both rows */
    uint32_t *weight; /* pairs of exponents of both rows; 0 behind the last key */
    uint32_t *query;  /* pairs of both rows, less the zero point */
    int32_t keys, head;
};

/* The scores of a row become pairs of exponents; both are given at the row's first. Returns the sum of the exponents. */
typedef int32_t tfc_weigh(const struct tfc_attention *f, int32_t *score, uint32_t *weight, const struct tfc_bias *bias, const int8_t *bias_row);

TFC_INLINE int32_t tfc_fours(int32_t n) {
    return (n + 3) & ~3;
}

TFC_INLINE struct tfc_head tfc_head_of(const struct tfc_attention *f, void *scratch) {
    struct tfc_head s = {.keys = tfc_fours(f->k.count), .head = tfc_fours(f->c / f->heads), .k = scratch};
    s.v = s.k + s.keys * s.head / 2;
    s.score = (int32_t *)(s.v + s.keys * tfc_fours(f->v_c / f->heads) / 2);
    s.weight = (uint32_t *)(s.score + 2 * s.keys);
    s.query = s.weight + s.keys;
    return s;
}

/* Where tokens begin to lie: base + place of the token in its sequence. */
struct tfc_sequence {
    const struct tfc_tokens *tokens;
    int32_t patch_y, patch_x, c;
};

TFC_INLINE int32_t tfc_sequence_place(const struct tfc_sequence *s, int32_t token) {
    int32_t last = s->tokens->count - 1;
    return tfc_place_of(s->tokens, token < last ? token : last, s->patch_y, s->patch_x, s->c);
}

TFC_INLINE void tfc_widen_keys(const struct tfc_head *work, const struct tfc_sequence *s, const int8_t *k, int32_t head) {
    uint32_t *to = work->k;
    for (int32_t token = 0; token < s->tokens->count; token += 4) {
        const int8_t *rows[4];
        for (int32_t i = 0; i < 4; i++) rows[i] = k + tfc_sequence_place(s, token + i);
        to = tfc_widen4(to, rows, head >> 2);
        if (head & 3) {
            for (int32_t i = 0; i < 4; i++) tfc_widen_tail(to + i, rows[i] + (head & ~3), head & 3);
            to += 8;
        }
    }
}

TFC_INLINE void tfc_pair_values(const struct tfc_head *work, const struct tfc_sequence *s, const int8_t *v, int32_t head) {
    for (int32_t token = 0; token < work->keys; token += 2) {
        const int8_t *upper = v + tfc_sequence_place(s, token), *lower = v + tfc_sequence_place(s, token + 1);
        uint32_t *to = work->v + 2 * token;
        int32_t channel = 0;
        for (; channel + 4 <= head; channel += 4, to += 2 * work->keys) tfc_pair_columns(to, tfc_load(upper + channel), tfc_load(lower + channel));
        if (channel < head) tfc_pair_columns(to, tfc_load_tail(upper + channel, head - channel), tfc_load_tail(lower + channel, head - channel));
    }
}

/* Row 0 or 1 of the queries, in the order of the panels; `query` is at the row's first pair. */
TFC_INLINE void tfc_widen_query(uint32_t *query, const int8_t *q, int32_t head, int32_t zero) {
    uint32_t zeros = tfc_pkhbt((uint32_t)zero, (uint32_t)zero);
    for (; head >= 4; head -= 4, q += 4, query += 4) {
        uint32_t quad = tfc_load(q);
        query[0] = tfc_ssub16(tfc_sxtb16(quad), zeros);
        query[2] = tfc_ssub16(tfc_sxtb16_8(quad), zeros);
    }
    if (head > 0) { /* what lies behind the head meets zeros of k */
        uint32_t quad = tfc_load_tail(q, head);
        query[0] = tfc_ssub16(tfc_sxtb16(quad), zeros);
        query[2] = tfc_ssub16(tfc_sxtb16_8(quad), zeros);
    }
}

/* Scores of both rows with all keys, four at a time, the last key perhaps more than once. */
TFC_APART void tfc_score2(const struct tfc_head *work) {
    const uint32_t *panel = work->k;
    int32_t head = work->head;
    for (int32_t *to = work->score, *end = to + 2 * work->keys; to != end; to += 8, panel += 2 * head) tfc_pairs2x4(to, 0, 0, panel, work->query, head / 2);
}

/* Exponents of a row, by their distance to its maximum, in pairs; what lies behind the last key weighs nothing. Returns their sum. */
TFC_INLINE int32_t tfc_pair_exponents(const struct tfc_attention *facts, int32_t top, const int32_t *score, uint32_t *weight,
                                      int32_t exponent_of(const struct tfc_attention *f, int32_t distance)) {
    const struct tfc_attention copy = *facts, *f = &copy; /* no store can change the copy */
    int32_t sum = 0, left = f->k.count;
    for (; left >= 4; left -= 4, score += 8, weight += 4) {
        int32_t e0 = exponent_of(f, top - score[0]), e1 = exponent_of(f, top - score[1]);
        int32_t e2 = exponent_of(f, top - score[2]), e3 = exponent_of(f, top - score[3]);
        weight[0] = tfc_pkhbt((uint32_t)e0, (uint32_t)e1);
        weight[2] = tfc_pkhbt((uint32_t)e2, (uint32_t)e3);
        sum += e0 + e1 + e2 + e3;
    }
    if (left > 0) {
        int32_t e[4] = {0};
        for (int32_t i = 0; i < left; i++) e[i] = exponent_of(f, top - score[i]);
        weight[0] = tfc_pkhbt((uint32_t)e[0], (uint32_t)e[1]);
        weight[2] = tfc_pkhbt((uint32_t)e[2], (uint32_t)e[3]);
        sum += e[0] + e[1] + e[2] + e[3];
    }
    return sum;
}

/* Sums of both rows over v, four channels at a time. */
TFC_APART void tfc_mix(const struct tfc_attention *facts, const struct tfc_head *head_facts, int32_t sum0, int32_t sum1, int8_t *y0, int8_t *y1) {
    const struct tfc_attention copy = *facts, *f = &copy; /* no store can change the copies */
    const struct tfc_head work = *head_facts;
    const uint32_t *panel = work.v;
    int32_t factor0 = tfc_reciprocal(sum0, f->reciprocal), factor1 = tfc_reciprocal(sum1, f->reciprocal);
    int32_t start0 = -f->v_zero * sum0, start1 = -f->v_zero * sum1;
    for (int32_t left = f->v_c / f->heads; left > 0; left -= 4, panel += 2 * work.keys) {
        int32_t acc[8], n = left < 4 ? left : 4;
        tfc_pairs2x4(acc, start0, start1, panel, work.weight, work.keys / 2);
        if (n == 4) {
            for (int32_t i = 0; i < 4; i++) *y0++ = tfc_mixed(f, acc[i], factor0);
            for (int32_t i = 0; i < 4; i++) *y1++ = tfc_mixed(f, acc[4 + i], factor1);
        } else {
            for (int32_t i = 0; i < 3; i++) {
                if (i < n) y0[i] = tfc_mixed(f, acc[i], factor0);
                if (i < n) y1[i] = tfc_mixed(f, acc[4 + i], factor1);
            }
        }
    }
}

/* Where a head of a sequence begins in all that it reads and writes. */
struct tfc_at {
    const int8_t *q, *k, *v;
    int8_t *y;
    int32_t patch_y, patch_x;
};

/* One head of the tokens of one place in the patches. */
TFC_INLINE void tfc_attend(const struct tfc_attention *f, const struct tfc_head *work, struct tfc_at at, tfc_weigh *weigh, const struct tfc_bias *bias,
                           const int8_t *bias_row) {
    struct tfc_sequence queries = {&f->q, at.patch_y, at.patch_x, f->c}, keys = {&f->k, at.patch_y, at.patch_x, f->c};
    struct tfc_sequence values = {&f->k, at.patch_y, at.patch_x, f->v_c}, results = {&f->q, at.patch_y, at.patch_x, f->v_c};
    int32_t head = f->c / f->heads, last = f->q.count - 1;
    tfc_widen_keys(work, &keys, at.k, head);
    tfc_pair_values(work, &values, at.v, f->v_c / f->heads);
    for (int32_t token = 0; token < f->q.count; token += 2) {
        tfc_widen_query(work->query, at.q + tfc_sequence_place(&queries, token), head, f->q_zero);
        tfc_widen_query(work->query + 1, at.q + tfc_sequence_place(&queries, token + 1), head, f->q_zero);
        tfc_score2(work);
        const int8_t *second_row = bias && token < last ? bias_row + bias->row : bias_row;
        int32_t sum0 = weigh(f, work->score, work->weight, bias, bias_row);
        int32_t sum1 = weigh(f, work->score + 4, work->weight + 1, bias, second_row);
        tfc_mix(f, work, sum0, sum1, at.y + tfc_sequence_place(&results, token), at.y + tfc_sequence_place(&results, token + 1));
        if (bias) bias_row = second_row + bias->row;
    }
}

/* All heads of all sequences; a kernel without a bias gives none. */
TFC_INLINE void tfc_attend_all(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, const struct tfc_bias *bias,
                               const int8_t *values, void *scratch, int8_t *y, tfc_weigh *weigh) {
    struct tfc_head work = tfc_head_of(f, scratch);
    for (int32_t batch = 0; batch < f->batch; batch++) {
        for (int32_t i = 0; i < f->patch_h * f->patch_w; i++) {
            for (int32_t head = 0; head < f->heads; head++) {
                int32_t channel = head * (f->c / f->heads), value = head * (f->v_c / f->heads);
                struct tfc_at at = {q + channel, k + channel, v + value, y + value, i / f->patch_w, i % f->patch_w};
                tfc_attend(f, &work, at, weigh, bias, bias ? values + bias->starts[batch % bias->windows * f->heads + head] : 0);
            }
        }
        q += f->q.map_pixels * f->c;
        y += f->q.map_pixels * f->v_c;
        k += f->k.map_pixels * f->c;
        v += f->k.map_pixels * f->v_c;
    }
}

#endif
