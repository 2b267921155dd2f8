/* Copies bytes between two walks of six loops: all movement of data whose addresses are sums of strides.
 * x, y: strides in bytes. If no loop walks through neighbours of both, loop 4 may do so of x and loop 5 of y.
 * No scratch; y may overlap x at lower addresses where both are walked from the lowest on, as slices are (backends/overlap.py).
 * Fast because runs go by words, halfwords as such, and transposes by squares of four words. */
#include "tfc/copy.h"
#include "tfc/kernels.h"

typedef void tfc_plane(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y);

/* a holds two rows' bytes 0 and 2 in turns, b their bytes 1 and 3: each in the place of the other's. */
TFC_INLINE void swap(uint32_t *a, uint32_t *b) {
    uint32_t difference = ((*a >> 8) ^ *b) & 0x00ff00ffu;
    *b ^= difference;
    *a ^= difference << 8;
}

TFC_INLINE void square(const int8_t *x, int32_t x_step, int8_t *y, int32_t y_step) {
    uint32_t a = tfc_load(x), b = tfc_load(x + x_step), c = tfc_load(x + 2 * x_step), d = tfc_load(x + 3 * x_step);
    swap(&a, &b);
    swap(&c, &d);
    tfc_store(y, tfc_pkhbt(a, c));
    tfc_store(y + y_step, tfc_pkhbt(b, d));
    tfc_store(y + 2 * y_step, tfc_pkhtb(a, c));
    tfc_store(y + 3 * y_step, tfc_pkhtb(b, d));
}

/* Loop 4 walks through neighbours of x, loop 5 of y. */
TFC_APART void transpose(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    int32_t x_step = f->x[5], y_step = f->y[4], columns = f->n[4], rows = f->n[5], i = 0, j = 0;
    TFC_ROLLED for (; i + 4 <= columns; i += 4) {
        const int8_t *from = x + i;
        int8_t *to = y + i * y_step;
        TFC_ROLLED for (j = 0; j + 4 <= rows; j += 4, from += 4 * x_step) square(from, x_step, to + j, y_step);
    }
    TFC_ROLLED for (j = rows & ~3; j < rows; j++) tfc_scatter(x + j * x_step, 1, y + j, y_step, i);
    TFC_ROLLED for (; i < columns; i++) tfc_scatter(x + i, x_step, y + i * y_step, 1, rows);
}

TFC_APART void halfwords(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    int32_t n = f->n[4], x_step = f->x[4], y_step = f->y[4];
    for (; n > 0; n--, x += x_step, y += y_step) __builtin_memcpy(y, x, 2);
}

TFC_APART void runs(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < f->n[4]; i++, x += f->x[4], y += f->y[4]) tfc_copy(x, y, f->n[5]);
}

TFC_APART void bytes(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < f->n[4]; i++, x += f->x[4], y += f->y[4]) tfc_scatter(x, f->x[5], y, f->y[5], f->n[5]);
}

/* Which of them does the last two loops. */
TFC_INLINE tfc_plane *plane_for(const struct tfc_strided_copy *f) {
    if (f->x[5] == 1 && f->y[5] == 1) return f->n[5] == 2 ? halfwords : runs;
    return f->x[4] == 1 && f->y[5] == 1 ? transpose : bytes;
}

void tfc_strided_copy_s8(const struct tfc_strided_copy *f, const int8_t *x, int8_t *y) {
    tfc_plane *plane = plane_for(f);
    for (int32_t i = 0; i < f->n[0]; i++) {
        for (int32_t j = 0; j < f->n[1]; j++) {
            for (int32_t k = 0; k < f->n[2]; k++) {
                const int8_t *from = x + i * f->x[0] + j * f->x[1] + k * f->x[2];
                int8_t *to = y + i * f->y[0] + j * f->y[1] + k * f->y[2];
                for (int32_t l = 0; l < f->n[3]; l++, from += f->x[3], to += f->y[3]) plane(f, from, to);
            }
        }
    }
}
