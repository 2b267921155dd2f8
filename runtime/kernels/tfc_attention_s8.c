/* Multi-head attention, streamed over two query rows at a time.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch, with n = tokens of k rounded up to even and d = channels of a head rounded up to 4: 16 * n + 4 * d bytes.
 * Fast because every word of k and v is widened once for both rows, and the zero points cost nothing a product. */
#include "tfc/kernels.h"
#include "tfc/reciprocal.h"
#include "tfc/rows.h"

/* The memory of two rows, with the number of keys made even. */
struct rows {
    int32_t *at;        /* [keys]: where a key lies, in elements */
    int32_t *score[2];  /* [keys] */
    int16_t *weight[2]; /* [keys], the last one 0 where it is there only to make them even */
    int16_t *query[2];  /* [head], less the zero point */
    int32_t keys, head;
};

static struct rows rows_of(const struct tfc_attention *f, void *scratch) {
    struct rows s = {.keys = (f->k.count + 1) & ~1, .head = f->c / f->heads, .at = scratch};
    int32_t head = (s.head + 3) & ~3;
    s.score[0] = s.at + s.keys;
    s.score[1] = s.score[0] + s.keys;
    s.weight[0] = (int16_t *)(s.score[1] + s.keys);
    s.weight[1] = s.weight[0] + s.keys;
    s.query[0] = s.weight[1] + s.keys;
    s.query[1] = s.query[0] + head;
    return s;
}

static int32_t place_of(const struct tfc_tokens *f, int32_t token, int32_t patch_y, int32_t patch_x, int32_t c) {
    int32_t row = token / f->row, column = token - row * f->row;
    return ((row * f->step_y + patch_y) * f->map_w + column * f->step_x + patch_x) * c;
}

/* Quads of the query as k will be widened: (0, 2), (1, 3). */
static void widen_query(int16_t *to, const int8_t *q, int32_t head, int32_t zero) {
    int32_t i = 0;
    for (; i + 4 <= head; i += 4) {
        to[i] = (int16_t)(q[i] - zero);
        to[i + 1] = (int16_t)(q[i + 2] - zero);
        to[i + 2] = (int16_t)(q[i + 1] - zero);
        to[i + 3] = (int16_t)(q[i + 3] - zero);
    }
    for (; i < head; i++) to[i] = (int16_t)(q[i] - zero);
}

/* s[row][key] of two rows and two keys. */
TFC_INLINE void scores2x2(int32_t *s, const struct rows *rows, const int8_t *k0, const int8_t *k1) {
    const uint32_t *q0 = (const void *)rows->query[0], *q1 = (const void *)rows->query[1];
    int32_t quads = rows->head >> 2, rest = rows->head & 3;
    s[0] = s[1] = s[2] = s[3] = 0;
    for (; quads > 0; quads--, q0 += 2, q1 += 2, k0 += 4, k1 += 4) {
        uint32_t word0 = tfc_load(k0), word1 = tfc_load(k1), even0 = tfc_sxtb16(word0), even1 = tfc_sxtb16(word1);
        s[0] = tfc_smlad(q0[0], even0, s[0]);
        s[1] = tfc_smlad(q0[0], even1, s[1]);
        s[2] = tfc_smlad(q1[0], even0, s[2]);
        s[3] = tfc_smlad(q1[0], even1, s[3]);
        uint32_t odd0 = tfc_sxtb16_8(word0), odd1 = tfc_sxtb16_8(word1);
        s[0] = tfc_smlad(q0[1], odd0, s[0]);
        s[1] = tfc_smlad(q0[1], odd1, s[1]);
        s[2] = tfc_smlad(q1[1], odd0, s[2]);
        s[3] = tfc_smlad(q1[1], odd1, s[3]);
    }
    for (int32_t i = 0; i < rest; i++) {
        int32_t first = rows->query[0][rows->head - rest + i], second = rows->query[1][rows->head - rest + i];
        s[0] = tfc_mla(first, k0[i], s[0]);
        s[1] = tfc_mla(first, k1[i], s[1]);
        s[2] = tfc_mla(second, k0[i], s[2]);
        s[3] = tfc_mla(second, k1[i], s[3]);
    }
}

/* Scores of both rows with all keys, and their maxima. */
static void score(const struct rows *rows, const int8_t *k, int32_t top[2]) {
    int32_t top0 = INT32_MIN, top1 = INT32_MIN;
    for (int32_t j = 0; j < rows->keys; j += 2) {
        int32_t s[4];
        scores2x2(s, rows, k + rows->at[j], k + rows->at[j + 1]);
        top0 = s[0] > top0 ? s[0] : top0;
        top0 = s[1] > top0 ? s[1] : top0;
        top1 = s[2] > top1 ? s[2] : top1;
        top1 = s[3] > top1 ? s[3] : top1;
        rows->score[0][j] = s[0];
        rows->score[0][j + 1] = s[1];
        rows->score[1][j] = s[2];
        rows->score[1][j + 1] = s[3];
    }
    top[0] = top0;
    top[1] = top1;
}

/* Exponents of a row; returns their sum. */
static int32_t weigh(const struct tfc_attention *f, int16_t *weight, const int32_t *score, int32_t top) {
    int32_t sum = 0, keys = f->k.count, m = f->multiplier;
    uint32_t shift = f->shift;
    const int16_t *exponent = f->exponent;
    for (int32_t j = 0; j < keys; j++) {
        int16_t e = exponent[tfc_usat10(tfc_smmulr(tfc_shl(top - score[j], shift), m))];
        weight[j] = e;
        sum += e;
    }
    if (keys & 1) weight[keys] = 0;
    return sum;
}

static int8_t finish(const struct tfc_attention *f, int32_t acc, int32_t factor) {
    return (int8_t)tfc_clamp(tfc_smmlar(acc, factor, 256 * f->y_zero + 128) >> 8, f->lo, f->hi);
}

/* Sums of both rows over v, four channels at a time. */
static void mix(const struct tfc_attention *f, const struct rows *rows, const int8_t *v, const int32_t sum[2], int8_t *y0, int8_t *y1) {
    int32_t factor0 = tfc_reciprocal(sum[0], f->reciprocal), factor1 = tfc_reciprocal(sum[1], f->reciprocal);
    int32_t start0 = -f->v_zero * sum[0], start1 = -f->v_zero * sum[1], channel = 0;
    for (; channel + 4 <= rows->head; channel += 4) {
        int32_t acc[8] = {start0, start0, start0, start0, start1, start1, start1, start1};
        const uint32_t *first = (const void *)rows->weight[0], *second = (const void *)rows->weight[1];
        const int32_t *at = rows->at, *end = at + rows->keys;
        for (; at != end; at += 2) tfc_rows_pair(acc, *first++, *second++, v + at[0] + channel, v + at[1] + channel);
        for (int32_t i = 0; i < 4; i++) {
            y0[channel + i] = finish(f, acc[i], factor0);
            y1[channel + i] = finish(f, acc[4 + i], factor1);
        }
    }
    for (; channel < rows->head; channel++) {
        int32_t acc0 = start0, acc1 = start1;
        for (int32_t j = 0; j < f->k.count; j++) {
            acc0 = tfc_mla(rows->weight[0][j], v[rows->at[j] + channel], acc0);
            acc1 = tfc_mla(rows->weight[1][j], v[rows->at[j] + channel], acc1);
        }
        y0[channel] = finish(f, acc0, factor0);
        y1[channel] = finish(f, acc1, factor1);
    }
}

/* Two rows of one head; the second may be the first again. */
static void two_rows(const struct tfc_attention *f, const struct rows *rows, const int8_t *q, const int8_t *k, const int8_t *v, int32_t first,
                     int32_t second, int8_t *y) {
    int32_t top[2], sum[2];
    widen_query(rows->query[0], q + first, rows->head, f->q_zero);
    widen_query(rows->query[1], q + second, rows->head, f->q_zero);
    score(rows, k, top);
    for (int32_t i = 0; i < 2; i++) sum[i] = weigh(f, rows->weight[i], rows->score[i], top[i]);
    mix(f, rows, v, sum, y + first, y + second);
}

/* The tokens of one place in the patches. */
static void sequence(const struct tfc_attention *f, const struct rows *rows, const int8_t *q, const int8_t *k, const int8_t *v, int32_t patch_y,
                     int32_t patch_x, int8_t *y) {
    for (int32_t j = 0; j < rows->keys; j++) rows->at[j] = place_of(&f->k, j < f->k.count ? j : j - 1, patch_y, patch_x, f->c);
    for (int32_t token = 0; token < f->q.count; token += 2) {
        int32_t first = place_of(&f->q, token, patch_y, patch_x, f->c);
        int32_t second = token + 1 < f->q.count ? place_of(&f->q, token + 1, patch_y, patch_x, f->c) : first;
        for (int32_t channel = 0; channel < f->c; channel += rows->head) {
            two_rows(f, rows, q + channel, k + channel, v + channel, first, second, y + channel);
        }
    }
}

void tfc_attention_s8(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y) {
    struct rows rows = rows_of(f, scratch);
    for (int32_t batch = 0; batch < f->batch; batch++) {
        for (int32_t place = 0; place < f->patch_h * f->patch_w; place++) sequence(f, &rows, q, k, v, place / f->patch_w, place % f->patch_w, y);
        q += f->q.map_pixels * f->c;
        y += f->q.map_pixels * f->c;
        k += f->k.map_pixels * f->c;
        v += f->k.map_pixels * f->c;
    }
}
