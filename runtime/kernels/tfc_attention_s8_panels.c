/* Multi-head attention, two query rows at a time over widened k and v.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch, with n = tokens of k and d = channels of a head, both rounded up to 4: 4 * n * d + 12 * n + 4 * d bytes.
 * Fast because k and v of a head become panels once, and both products then need nothing but words and SMLADs. */
#include "tfc/attention.h"
#include "tfc/pairs.h"
#include "tfc/panel.h"

/* The memory of a head; keys and head are rounded up to 4. */
struct work {
    uint32_t *k;      /* for each four keys: the panel of their channels */
    uint32_t *v;      /* for each four channels: the panel of their keys */
    int32_t *score;   /* [keys / 4][2][4]: for each four keys the scores of both rows */
    uint32_t *weight; /* pairs of exponents of both rows; 0 behind the last key */
    uint32_t *query;  /* pairs of both rows, less the zero point */
    int32_t keys, head;
};

static struct work work_of(const struct tfc_attention *f, void *scratch) {
    struct work s = {.keys = (f->k.count + 3) & ~3, .head = (f->c / f->heads + 3) & ~3, .k = scratch};
    s.v = s.k + s.keys * s.head / 2;
    s.score = (int32_t *)(s.v + s.keys * s.head / 2);
    s.weight = (uint32_t *)(s.score + 2 * s.keys);
    s.query = s.weight + s.keys;
    return s;
}

/* Where tokens begin to lie: base + place of the token in its sequence. */
struct sequence {
    const struct tfc_tokens *tokens;
    int32_t patch_y, patch_x, c;
};

static int32_t place(const struct sequence *s, int32_t token) {
    int32_t last = s->tokens->count - 1;
    return tfc_place_of(s->tokens, token < last ? token : last, s->patch_y, s->patch_x, s->c);
}

static void widen_keys(const struct work *work, const struct sequence *s, const int8_t *k, int32_t head) {
    uint32_t *to = work->k;
    for (int32_t token = 0; token < s->tokens->count; token += 4) {
        const int8_t *rows[4];
        for (int32_t i = 0; i < 4; i++) rows[i] = k + place(s, token + i);
        to = tfc_widen4(to, TFC_BY_QUADS, rows, head >> 2);
        if (head & 3) {
            for (int32_t i = 0; i < 4; i++) tfc_widen_tail(to + i, rows[i] + (head & ~3), head & 3, 4);
            to += 8;
        }
    }
}

static void pair_values(const struct work *work, const struct sequence *s, const int8_t *v, int32_t head) {
    for (int32_t token = 0; token < work->keys; token += 2) {
        const int8_t *upper = v + place(s, token), *lower = v + place(s, token + 1);
        uint32_t *to = work->v + 2 * token;
        int32_t channel = 0;
        for (; channel + 4 <= head; channel += 4, to += 2 * work->keys) tfc_pair_columns(to, tfc_load(upper + channel), tfc_load(lower + channel));
        if (channel < head) tfc_pair_columns(to, tfc_load_tail(upper + channel, head - channel), tfc_load_tail(lower + channel, head - channel));
    }
}

/* Row 0 or 1 of the queries, in the order of the panels; `query` is at the row's first pair. */
static void widen_query(uint32_t *query, const int8_t *q, int32_t head, int32_t zero) {
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
TFC_APART void score(const struct work *work) {
    const uint32_t *panel = work->k;
    int32_t head = work->head;
    for (int32_t *to = work->score, *end = to + 2 * work->keys; to != end; to += 8, panel += 2 * head) tfc_pairs2x4(to, 0, 0, panel, work->query, head / 2);
}

/* Exponents of a row, whose scores and pairs of exponents are given at its first; returns their sum. */
TFC_APART int32_t weigh(const struct tfc_attention *f, const int32_t *score, uint32_t *weight, int32_t keys) {
    const int16_t *exponent = f->exponent;
    int32_t top = INT32_MIN, sum = 0, m = f->multiplier, left = f->k.count;
    uint32_t shift = f->shift;
    for (const int32_t *s = score, *end = s + 2 * keys; s != end; s += 8) {
        for (int32_t i = 0; i < 4; i++) top = s[i] > top ? s[i] : top;
    }
    for (; left >= 4; left -= 4, score += 8, weight += 4) {
        int32_t e0 = tfc_exponent(exponent, top - score[0], shift, m), e1 = tfc_exponent(exponent, top - score[1], shift, m);
        int32_t e2 = tfc_exponent(exponent, top - score[2], shift, m), e3 = tfc_exponent(exponent, top - score[3], shift, m);
        weight[0] = tfc_pkhbt((uint32_t)e0, (uint32_t)e1);
        weight[2] = tfc_pkhbt((uint32_t)e2, (uint32_t)e3);
        sum += e0 + e1 + e2 + e3;
    }
    if (left > 0) { /* what lies behind the last key weighs nothing */
        int32_t e[4] = {0};
        for (int32_t i = 0; i < left; i++) e[i] = tfc_exponent(exponent, top - score[i], shift, m);
        weight[0] = tfc_pkhbt((uint32_t)e[0], (uint32_t)e[1]);
        weight[2] = tfc_pkhbt((uint32_t)e[2], (uint32_t)e[3]);
        sum += e[0] + e[1] + e[2] + e[3];
    }
    return sum;
}

/* Sums of both rows over v, four channels at a time. */
TFC_APART void mix(const struct tfc_attention *facts, const struct work *work_facts, int32_t sum0, int32_t sum1, int8_t *y0, int8_t *y1) {
    const struct tfc_attention copy = *facts, *f = &copy; /* no store can change the copies */
    const struct work work = *work_facts;
    const uint32_t *panel = work.v;
    int32_t factor0 = tfc_reciprocal(sum0, f->reciprocal), factor1 = tfc_reciprocal(sum1, f->reciprocal);
    int32_t start0 = -f->v_zero * sum0, start1 = -f->v_zero * sum1;
    for (int32_t left = f->c / f->heads; left > 0; left -= 4, panel += 2 * work.keys) {
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

/* One head of the tokens of one place in the patches. */
static void attend(const struct tfc_attention *f, const struct work *work, const int8_t *q, const int8_t *k, const int8_t *v, int32_t patch_y,
                   int32_t patch_x, int8_t *y) {
    struct sequence keys = {&f->k, patch_y, patch_x, f->c}, queries = {&f->q, patch_y, patch_x, f->c};
    int32_t head = f->c / f->heads;
    widen_keys(work, &keys, k, head);
    pair_values(work, &keys, v, head);
    for (int32_t token = 0; token < f->q.count; token += 2) {
        int32_t first = place(&queries, token), second = place(&queries, token + 1);
        widen_query(work->query, q + first, head, f->q_zero);
        widen_query(work->query + 1, q + second, head, f->q_zero);
        score(work);
        int32_t sum0 = weigh(f, work->score, work->weight, work->keys);
        int32_t sum1 = weigh(f, work->score + 4, work->weight + 1, work->keys);
        mix(f, work, sum0, sum1, y + first, y + second);
    }
}

void tfc_attention_s8_panels(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y) {
    struct work work = work_of(f, scratch);
    for (int32_t batch = 0; batch < f->batch; batch++) {
        for (int32_t i = 0; i < f->patch_h * f->patch_w; i++) {
            for (int32_t channel = 0; channel < f->c; channel += f->c / f->heads) {
                attend(f, &work, q + channel, k + channel, v + channel, i / f->patch_w, i % f->patch_w, y + channel);
            }
        }
        q += f->q.map_pixels * f->c;
        y += f->q.map_pixels * f->c;
        k += f->k.map_pixels * f->c;
        v += f->k.map_pixels * f->c;
    }
}
