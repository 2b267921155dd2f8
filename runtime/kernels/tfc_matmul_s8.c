/* Product of activations, some pairs of rows of a at a time.
 * a: [m, k], b: [k, n], y: [m, n], row-major, for each of a batch.
 * scratch: see matmul_together in backends/shapes.py; it grows with k + n, not with k * n.
 * Fast because b is read as words and widened beside the SMLADs of two rows; its zero point is taken off with one sum a row. */
#include "tfc/pairs.h"
#include "tfc/result.h"

/* Row 0 or 1 of pairs (x - zero), behind an odd end 0; returns minus b_zero times its sum. */
TFC_APART int32_t widen_row(uint32_t *to, const int8_t *x, const struct tfc_matmul *f) {
    uint32_t zeros = tfc_pkhbt((uint32_t)f->a_zero, (uint32_t)f->a_zero), ones = tfc_pkhbt(1, 1);
    int32_t sum = 0, left = f->k, b_zero = f->b_zero;
    TFC_ROLLED for (; left >= 4; left -= 4, x += 4, to += 4) {
        uint32_t quad = tfc_load(x), even = tfc_ssub16(tfc_sxtb16(quad), zeros), odd = tfc_ssub16(tfc_sxtb16_8(quad), zeros);
        to[0] = tfc_pkhbt(even, odd), to[2] = tfc_pkhtb(even, odd);
        sum = tfc_smlad(odd, ones, tfc_smlad(even, ones, sum));
    }
    for (; left > 0; left -= 2, x += 2, to += 2) {
        int32_t first = x[0] - tfc_low(zeros), second = left > 1 ? x[1] - tfc_low(zeros) : 0;
        *to = tfc_pkhbt((uint32_t)first, (uint32_t)second);
        sum += first + second;
    }
    return -b_zero * sum;
}

TFC_INLINE void end_row_as(int full, const struct tfc_requantize end, const int32_t *sum, int8_t *y, int32_t n) {
    TFC_ROLLED for (; n >= 4; n -= 4, sum += 8, y += 4) {
        int32_t v[4] = {sum[0], sum[1], sum[2], sum[3]};
        for (int32_t i = 0; i < 4; i++) v[i] = tfc_smmlar(tfc_shl(v[i], end.shift), end.multiplier, end.zero);
        for (int32_t i = 0; i < 4; i++) y[i] = tfc_cut(v[i], full, end.lo, end.hi);
    }
    TFC_ROLLED for (int32_t i = 0; i < n; i++) y[i] = tfc_requantized(&end, sum[i]);
}

/* From the sums of a row, one of two, to its results. */
TFC_APART void end_row(const struct tfc_matmul *f, const int32_t *sum, int8_t *y) {
    const struct tfc_requantize end = f->result; /* no store can change the copy */
    if (tfc_is_full(end.lo, end.hi)) end_row_as(1, end, sum, y, f->n);
    else end_row_as(0, end, sum, y, f->n);
}

void tfc_matmul_s8(const struct tfc_matmul *f, const int8_t *a, const int8_t *b, void *scratch, int8_t *y) {
    int32_t steps = (f->k + 1) / 2, *places = scratch;
    struct tfc_group group;
    tfc_group_at(&group, places + 2 * steps, f->together, steps, f->n);
    for (int32_t i = 0; i < 2 * steps; i++) places[i] = (i < f->k ? i : f->k - 1) * f->n;
    for (int32_t batch = 0; batch < f->batch; batch++, a += f->a_batch, b += f->b_batch) {
        const struct tfc_right right = {b, places, f->n};
        for (int32_t row = 0; row < f->m; row += 2 * f->together) {
            int32_t count = 0;
            for (int32_t i = row; count < f->together && i < f->m; i += 2, count++) {
                int32_t second = i + 1 < f->m ? i + 1 : i; /* an odd last row, again */
                uint32_t *pairs = tfc_pairs_of(&group, count);
                int32_t first_start = widen_row(pairs, a + i * f->k, f), second_start = widen_row(pairs + 1, a + second * f->k, f);
                tfc_start_sums(&group, count, first_start, second_start);
            }
            tfc_multiply_group(&group, count, &right);
            for (int32_t i = 0; i < 2 * count && row + i < f->m; i++, y += f->n) end_row(f, tfc_sums_of(&group, i >> 1) + 4 * (i & 1), y);
        }
    }
}
