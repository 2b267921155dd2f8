/* Multi-head attention in little memory: streamed over the query rows, one after the other.
 * q, y: tokens or a feature map whose pixels of equal place in their patch attend to one another; k, v: the same or other tokens.
 * scratch, with n = tokens of k and d = channels of a head rounded up to 4: 12 * n + 2 * d bytes.
 * Slower than tfc_attention_s8_panels, which widens k and v once for all rows. */
#include "tfc/attention.h"

/* The memory of a row. */
struct row {
    int32_t *at;     /* [keys]: where a key lies, in elements */
    int32_t *score;  /* [keys] */
    int32_t *weight; /* [keys] */
    int16_t *query;  /* [head], less the zero point; quads as k will be widened: 0, 2, 1, 3 */
    int32_t keys, head;
};

static struct row row_of(const struct tfc_attention *f, void *scratch) {
    struct row s = {.keys = f->k.count, .head = f->c / f->heads, .at = scratch};
    s.score = s.at + s.keys;
    s.weight = s.score + s.keys;
    s.query = (int16_t *)(s.weight + s.keys);
    return s;
}

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

/* Scores of the row with all keys; returns their maximum. */
TFC_APART int32_t score(const struct row *facts, const int8_t *k) {
    const struct row row = *facts; /* no store can change the copy */
    int32_t top = INT32_MIN;
    for (int32_t j = 0; j < row.keys; j++) {
        const int8_t *key = k + row.at[j];
        const int16_t *query = row.query, *quads = query + (row.head & ~3), *end = query + row.head;
        int32_t sum = 0;
        for (; query != quads; query += 4, key += 4) {
            uint32_t quad = tfc_load(key);
            sum = tfc_smlad(tfc_load(query), tfc_sxtb16(quad), sum);
            sum = tfc_smlad(tfc_load(query + 2), tfc_sxtb16_8(quad), sum);
        }
        for (; query != end; query++, key++) sum = tfc_mla(*query, *key, sum);
        row.score[j] = sum;
        top = sum > top ? sum : top;
    }
    return top;
}

/* Exponents of the row; returns their sum. */
TFC_APART int32_t weigh(const struct tfc_attention *f, const struct row *row, int32_t top) {
    const int16_t *exponent = f->exponent;
    const int32_t *score = row->score, *end = score + row->keys;
    int32_t *weight = row->weight, sum = 0, m = f->multiplier;
    uint32_t shift = f->shift;
    while (score != end) {
        int32_t e = tfc_exponent(exponent, top - *score++, shift, m);
        *weight++ = e;
        sum += e;
    }
    return sum;
}

/* The sum over v, four channels at a time. */
TFC_APART void mix(const struct tfc_attention *facts, const struct row *row_facts, const int8_t *v, int32_t sum, int8_t *y) {
    const struct tfc_attention copy = *facts, *f = &copy; /* no store can change the copies */
    const struct row row = *row_facts;
    int32_t factor = tfc_reciprocal(sum, f->reciprocal), start = -f->v_zero * sum, channel = 0;
    for (; channel + 4 <= row.head; channel += 4) {
        int32_t acc[4] = {start, start, start, start};
        for (int32_t j = 0; j < row.keys; j++) {
            uint32_t quad = tfc_load(v + row.at[j] + channel), even = tfc_sxtb16(quad), odd = tfc_sxtb16_8(quad), e = (uint32_t)row.weight[j];
            acc[0] = tfc_smlabb(even, e, acc[0]);
            acc[1] = tfc_smlabb(odd, e, acc[1]);
            acc[2] = tfc_smlatb(even, e, acc[2]);
            acc[3] = tfc_smlatb(odd, e, acc[3]);
        }
        for (int32_t i = 0; i < 4; i++) y[channel + i] = tfc_mixed(f, acc[i], factor);
    }
    for (; channel < row.head; channel++) {
        int32_t acc = start;
        for (int32_t j = 0; j < row.keys; j++) acc = tfc_mla(row.weight[j], v[row.at[j] + channel], acc);
        y[channel] = tfc_mixed(f, acc, factor);
    }
}

/* The tokens of one place in the patches. */
static void sequence(const struct tfc_attention *f, const struct row *row, const int8_t *q, const int8_t *k, const int8_t *v, int32_t patch_y,
                     int32_t patch_x, int8_t *y) {
    for (int32_t j = 0; j < row->keys; j++) row->at[j] = tfc_place_of(&f->k, j, patch_y, patch_x, f->c);
    for (int32_t token = 0; token < f->q.count; token++) {
        int32_t place = tfc_place_of(&f->q, token, patch_y, patch_x, f->c);
        for (int32_t channel = 0; channel < f->c; channel += row->head) {
            widen_query(row->query, q + place + channel, row->head, f->q_zero);
            mix(f, row, v + channel, weigh(f, row, score(row, k + channel)), y + place + channel);
        }
    }
}

void tfc_attention_s8(const struct tfc_attention *f, const int8_t *q, const int8_t *k, const int8_t *v, void *scratch, int8_t *y) {
    struct row row = row_of(f, scratch);
    for (int32_t batch = 0; batch < f->batch; batch++) {
        for (int32_t place = 0; place < f->patch_h * f->patch_w; place++) sequence(f, &row, q, k, v, place / f->patch_w, place % f->patch_w, y);
        q += f->q.map_pixels * f->c;
        y += f->q.map_pixels * f->c;
        k += f->k.map_pixels * f->c;
        v += f->k.map_pixels * f->c;
    }
}
