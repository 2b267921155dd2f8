/* Product of activations, two rows of a at a time.
 * a: [m, k], b: [k, n], y: [m, n], row-major, for each of a batch.
 * scratch, with k and n rounded up to 4: 2 * k * n + 4 * k bytes.
 * Fast because b becomes panels once for all rows of a; its zero point is taken off with one sum a row. */
#include "tfc/pairs.h"
#include "tfc/panel.h"
#include "tfc/result.h"

static void pair_rows(uint32_t *panel, const int8_t *b, int32_t k, int32_t n) {
    int32_t even = (k + 3) & ~3;
    for (int32_t row = 0; row < even; row += 2) {
        const int8_t *upper = b + row * n, *lower = upper + n;
        uint32_t *to = panel + 2 * row;
        for (int32_t column = 0; column < n; column += 4, to += 2 * even) {
            int32_t count = n - column < 4 ? n - column : 4;
            uint32_t quad0 = row < k ? tfc_load_tail(upper + column, count) : 0, quad1 = row + 1 < k ? tfc_load_tail(lower + column, count) : 0;
            tfc_pair_columns(to, quad0, quad1);
        }
    }
}

/* Row 0 or 1 of pairs (x - zero), 0 behind its end; returns minus b_zero times its sum. */
static int32_t widen_row(uint32_t *to, const int8_t *x, int32_t k, int32_t zero, int32_t b_zero) {
    int32_t sum = 0;
    for (int32_t i = 0; i < ((k + 3) & ~3); i += 2, to += 2) {
        int32_t first = i < k ? x[i] - zero : 0, second = i + 1 < k ? x[i + 1] - zero : 0;
        *to = tfc_pkhbt((uint32_t)first, (uint32_t)second);
        sum += first + second;
    }
    return -b_zero * sum;
}

/* Two rows of results; the second may be the first again. */
TFC_APART void two_rows(const struct tfc_matmul *facts, const uint32_t *panel, const uint32_t *rows, int32_t start0, int32_t start1, int8_t *y,
                        int8_t *y1) {
    const struct tfc_matmul f = *facts; /* no store can change the copy */
    int32_t k = (f.k + 3) & ~3;
    for (int32_t left = f.n; left > 0; left -= 4, panel += 2 * k, y += 4, y1 += 4) {
        int32_t acc[8];
        tfc_pairs2x4(acc, start0, start1, panel, rows, k / 2);
        for (int32_t i = 0; i < 4; i++) {
            if (i < left) y[i] = tfc_requantized(&f.result, acc[i]);
            if (i < left) y1[i] = tfc_requantized(&f.result, acc[4 + i]);
        }
    }
}

void tfc_matmul_s8(const struct tfc_matmul *f, const int8_t *a, const int8_t *b, void *scratch, int8_t *y) {
    uint32_t *panel = scratch, *rows = panel + ((f->k + 3) & ~3) * ((f->n + 3) & ~3) / 2;
    for (int32_t batch = 0; batch < f->batch; batch++, a += f->a_batch, b += f->b_batch) {
        if (batch == 0 || f->b_batch) pair_rows(panel, b, f->k, f->n);
        for (int32_t row = 0; row < f->m; row += 2) {
            int32_t second = row + 1 < f->m ? 1 : 0;
            int32_t start0 = widen_row(rows, a + row * f->k, f->k, f->a_zero, f->b_zero);
            int32_t start1 = widen_row(rows + 1, a + (row + second) * f->k, f->k, f->a_zero, f->b_zero);
            two_rows(f, panel, rows, start0, start1, y, y + second * f->n);
            y += (1 + second) * f->n;
        }
    }
}
