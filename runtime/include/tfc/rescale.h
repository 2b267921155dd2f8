/* The same value under another quantization, for any types of elements: sizes are constants where they are inlined. */
#ifndef TFC_RESCALE_H
#define TFC_RESCALE_H

#include "tfc/kernels.h"
#include "tfc/quads.h"

/* Values too large for a quad go one by one, as do those that a row has more than quads. */
TFC_INLINE void tfc_rescale(const struct tfc_rescale *facts, int32_t x_bytes, int32_t y_bytes, const int8_t *x, int8_t *y) {
    const struct tfc_rescale f = *facts; /* no store can change the copy */
    int32_t done = f.packs ? f.n & ~3 : 0, c = y_bytes == 1 ? f.c + tfc_shl(TFC_BIAS, f.shift) : f.c;
    for (int32_t row = 0; row < f.rows; row++, y += (f.y_row - f.n) * y_bytes) {
        int8_t *end = y + done * y_bytes;
        TFC_ROLLED for (; y != end; x += 4 * x_bytes, y += 4 * y_bytes) {
            struct tfc_quad q = tfc_quad_at(x, x_bytes);
            int32_t v[4];
            for (int32_t i = 0; i < 4; i++) v[i] = tfc_quad_mla(q, x_bytes, i, (uint32_t)f.multiplier, c) >> f.shift;
            if (y_bytes == 1) tfc_store(y, tfc_packed(v));
            for (int32_t i = 0; y_bytes == 2 && i < 4; i++) tfc_put(y + 2 * i, 2, tfc_ssat16(v[i]));
        }
        end += (f.n - done) * y_bytes;
        TFC_ROLLED for (; y != end; x += x_bytes, y += y_bytes) {
            tfc_put(y, y_bytes, tfc_cut_to(y_bytes, tfc_mla(tfc_get(x, x_bytes), f.multiplier, f.c) >> f.shift, 1, 0, 0));
        }
    }
}

#endif
