/* Mean over one or two runs of axes.
 * x: [outer, n1, middle, n2, inner]; y: [outer, middle, inner].
 * No scratch.
 * Fast because four neighbours are summed with one load, the zero point is taken off once, and the divisor is in the multiplier. */
#include "tfc/kernels.h"
#include "tfc/result.h"

/* The sum of one element of the result. */
static int32_t total(const struct tfc_mean *f, const int8_t *x) {
    int32_t sum = -f->n1 * f->n2 * f->x_zero;
    for (int32_t i = 0; i < f->n1; i++, x += f->middle * f->n2 * f->inner) {
        const int8_t *from = x;
        for (int32_t j = 0; j < f->n2; j++, from += f->inner) sum += *from;
    }
    return sum;
}

/* Of four neighbours: a load serves them all. */
TFC_INLINE void totals(const struct tfc_mean *f, const int8_t *x, int32_t *sum) {
    sum[0] = sum[1] = sum[2] = sum[3] = -f->n1 * f->n2 * f->x_zero;
    for (int32_t i = 0; i < f->n1; i++, x += f->middle * f->n2 * f->inner) {
        const int8_t *from = x;
        for (int32_t j = 0; j < f->n2; j++, from += f->inner) {
            uint32_t quad = tfc_load(from), even = tfc_sxtb16(quad), odd = tfc_sxtb16_8(quad);
            sum[0] = tfc_smlabb(even, 1, sum[0]);
            sum[1] = tfc_smlabb(odd, 1, sum[1]);
            sum[2] = tfc_smlatb(even, 1, sum[2]);
            sum[3] = tfc_smlatb(odd, 1, sum[3]);
        }
    }
}

void tfc_mean_s8(const struct tfc_mean *facts, const int8_t *x, int8_t *y) {
    const struct tfc_mean copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->n1 * f->middle * f->n2 * f->inner) {
        for (int32_t middle = 0; middle < f->middle; middle++) {
            const int8_t *from = x + middle * f->n2 * f->inner;
            int32_t inner = 0;
            for (; inner + 4 <= f->inner; inner += 4) {
                int32_t sum[4];
                totals(f, from + inner, sum);
                for (int32_t i = 0; i < 4; i++) *y++ = tfc_requantized(&f->result, sum[i]);
            }
            for (; inner < f->inner; inner++) *y++ = tfc_requantized(&f->result, total(f, from + inner));
        }
    }
}
