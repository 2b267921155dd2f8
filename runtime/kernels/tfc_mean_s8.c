/* Mean over one or two runs of axes.
 * x: [outer, n1, middle, n2, inner]; y: [outer, middle, inner].
 * No scratch.
 * Fast because the divisor is folded in the multiplier; the zero point is taken off once. */
#include "tfc/kernels.h"
#include "tfc/result.h"

static int32_t total(const struct tfc_mean *f, const int8_t *x) {
    int32_t sum = -f->n1 * f->n2 * f->x_zero;
    for (int32_t i = 0; i < f->n1; i++, x += f->middle * f->n2 * f->inner) {
        const int8_t *from = x;
        for (int32_t j = 0; j < f->n2; j++, from += f->inner) sum += *from;
    }
    return sum;
}

void tfc_mean_s8(const struct tfc_mean *f, const int8_t *x, int8_t *y) {
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->n1 * f->middle * f->n2 * f->inner) {
        for (int32_t middle = 0; middle < f->middle; middle++) {
            const int8_t *from = x + middle * f->n2 * f->inner;
            for (int32_t inner = 0; inner < f->inner; inner++) *y++ = tfc_requantized(&f->result, total(f, from + inner));
        }
    }
}
