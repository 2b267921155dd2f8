/* Product of activations, two rows of a at a time.
 * a: [m, k], b: [k, n], y: [m, n], row-major, for each of a batch.
 * scratch: 4 * k + 4 bytes.
 * Fast because two rows of b are paired once for both rows of a, and the zero point of b is taken off with one sum a row. */
#include "tfc/kernels.h"
#include "tfc/result.h"
#include "tfc/rows.h"

/* Widens a row to (x - zero); returns minus b_zero times its sum, and fills up an odd length with 0. */
static int32_t widen_row(int16_t *to, const int8_t *x, int32_t k, int32_t zero, int32_t b_zero) {
    int32_t sum = 0;
    for (int32_t i = 0; i < k; i++) {
        to[i] = (int16_t)(x[i] - zero);
        sum += to[i];
    }
    if (k & 1) to[k] = 0;
    return -b_zero * sum;
}

static void two_rows(const struct tfc_matmul *f, const int8_t *a, int32_t second, const int8_t *b, int16_t *rows, int8_t *y) {
    int32_t pitch = (f->k + 1) & ~1;
    int32_t start0 = widen_row(rows, a, f->k, f->a_zero, f->b_zero);
    int32_t start1 = widen_row(rows + pitch, a + second * f->k, f->k, f->a_zero, f->b_zero);
    int8_t *y1 = y + second * f->n;
    int32_t column = 0;
    for (; column + 4 <= f->n; column += 4) {
        int32_t acc[8] = {start0, start0, start0, start0, start1, start1, start1, start1};
        tfc_rows2x4(acc, (const void *)rows, (const void *)(rows + pitch), b + column, f->k, f->n);
        for (int32_t i = 0; i < 4; i++) {
            y[column + i] = tfc_requantized(&f->result, acc[i]);
            y1[column + i] = tfc_requantized(&f->result, acc[4 + i]);
        }
    }
    for (; column < f->n; column++) {
        y[column] = tfc_requantized(&f->result, tfc_rows1x1(start0, rows, b + column, f->k, f->n));
        y1[column] = tfc_requantized(&f->result, tfc_rows1x1(start1, rows + pitch, b + column, f->k, f->n));
    }
}

void tfc_matmul_s8(const struct tfc_matmul *f, const int8_t *a, const int8_t *b, void *scratch, int8_t *y) {
    for (int32_t batch = 0; batch < f->batch; batch++, a += f->a_batch, b += f->b_batch) {
        for (int32_t row = 0; row < f->m; row += 2) {
            two_rows(f, a + row * f->k, row + 1 < f->m ? 1 : 0, b, scratch, y);
            y += (row + 1 < f->m ? 2 : 1) * f->n;
        }
    }
}
