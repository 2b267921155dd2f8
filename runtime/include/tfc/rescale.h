/* The same value under another quantization, for any types of elements: sizes are constants where they are inlined. */
#ifndef TFC_RESCALE_H
#define TFC_RESCALE_H

#include "tfc/elements.h"
#include "tfc/kernels.h"

TFC_INLINE void tfc_rescale_as(const struct tfc_rescale *facts, int full, int32_t x_bytes, int32_t y_bytes, const int8_t *x, int8_t *y) {
    const struct tfc_rescale f = *facts; /* no store can change the copy */
    for (int32_t row = 0; row < f.rows; row++, y += (f.y_row - f.n) * y_bytes) {
        for (const int8_t *end = x + f.n * x_bytes; x != end; x += x_bytes, y += y_bytes) {
            tfc_put(y, y_bytes, tfc_cut_to(y_bytes, tfc_mla(tfc_get(x, x_bytes), f.multiplier, f.c) >> f.shift, full, f.lo, f.hi));
        }
    }
}

TFC_INLINE void tfc_rescale(const struct tfc_rescale *f, int32_t x_bytes, int32_t y_bytes, const int8_t *x, int8_t *y) {
    if (tfc_is_whole(y_bytes, f->lo, f->hi)) tfc_rescale_as(f, 1, x_bytes, y_bytes, x, y);
    else tfc_rescale_as(f, 0, x_bytes, y_bytes, x, y);
}

#endif
