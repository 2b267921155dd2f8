/* Product of two values that broadcast.
 * a, b: strides of `walk`; y: row-major.
 * No scratch.
 * Fast because a row is a plain loop of two loads, one multiplication and one SMMLAR. */
#include "tfc/kernels.h"
#include "tfc/result.h"

static void row(const struct tfc_mul *f, const int8_t *a, const int8_t *b, int32_t n, int8_t *y) {
    int32_t a_step = f->walk.a[3], b_step = f->walk.b[3];
    for (int32_t i = 0; i < n; i++, a += a_step, b += b_step) y[i] = tfc_requantized(&f->result, (*a - f->a_zero) * (*b - f->b_zero));
}

void tfc_mul_s8(const struct tfc_mul *f, const int8_t *a, const int8_t *b, int8_t *y) {
    const struct tfc_broadcast *walk = &f->walk;
    for (int32_t i = 0; i < walk->n[0]; i++) {
        for (int32_t j = 0; j < walk->n[1]; j++) {
            for (int32_t k = 0; k < walk->n[2]; k++, y += walk->n[3]) {
                const int8_t *from_a = a + i * walk->a[0] + j * walk->a[1] + k * walk->a[2];
                const int8_t *from_b = b + i * walk->b[0] + j * walk->b[1] + k * walk->b[2];
                row(f, from_a, from_b, walk->n[3], y);
            }
        }
    }
}
