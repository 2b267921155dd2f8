/* Copies bytes between two walks of six loops: all movement of data whose addresses are sums of strides.
 * x, y: strides in bytes.
 * No scratch; x and y do not overlap.
 * Fast where the innermost loop is a run of neighbours: it goes by words. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

static void run(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    int32_t n = f->n[5];
    if (f->x[5] == 1 && f->y[5] == 1) {
        for (; n >= 4; n -= 4, x += 4, y += 4) tfc_store(y, tfc_load(x));
    }
    for (; n > 0; n--, x += f->x[5], y += f->y[5]) *y = *x;
}

static void plane(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < f->n[3]; i++) {
        for (int32_t j = 0; j < f->n[4]; j++) run(f, x + i * f->x[3] + j * f->x[4], y + i * f->y[3] + j * f->y[4]);
    }
}

void tfc_strided_copy_s8(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < f->n[0]; i++) {
        for (int32_t j = 0; j < f->n[1]; j++) {
            for (int32_t k = 0; k < f->n[2]; k++) {
                plane(f, x + i * f->x[0] + j * f->x[1] + k * f->x[2], y + i * f->y[0] + j * f->y[1] + k * f->y[2]);
            }
        }
    }
}
