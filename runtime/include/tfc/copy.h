/* Runs of bytes from anywhere to anywhere. */
#ifndef TFC_COPY_H
#define TFC_COPY_H

#include "tfc/simd.h"

/* Four words are read before the first is written. */
TFC_INLINE void tfc_copy(const int8_t *x, int8_t *y, int32_t n) {
    TFC_ROLLED for (; n >= 16; n -= 16, x += 16, y += 16) {
        uint32_t a = tfc_load(x), b = tfc_load(x + 4), c = tfc_load(x + 8), d = tfc_load(x + 12);
        tfc_store(y, a);
        tfc_store(y + 4, b);
        tfc_store(y + 8, c);
        tfc_store(y + 12, d);
    }
    TFC_ROLLED for (; n >= 4; n -= 4, x += 4, y += 4) tfc_store(y, tfc_load(x));
    TFC_ROLLED for (; n > 0; n--) *y++ = *x++;
}

/* n single bytes, each a step from the one before. */
TFC_INLINE void tfc_scatter(const int8_t *x, int32_t x_step, int8_t *y, int32_t y_step, int32_t n) {
    TFC_ROLLED for (; n >= 4; n -= 4, x += 4 * x_step, y += 4 * y_step) {
        int8_t a = x[0], b = x[x_step], c = x[2 * x_step], d = x[3 * x_step];
        y[0] = a;
        y[y_step] = b;
        y[2 * y_step] = c;
        y[3 * y_step] = d;
    }
    TFC_ROLLED for (; n > 0; n--, x += x_step, y += y_step) *y = *x;
}

#endif
