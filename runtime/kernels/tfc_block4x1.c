/* Products of a strip by quads with a stream of blocks of four channels and one input.
 * w: the format "block4x1" of backends/streams.py. Four channels are groups of two blocks: how far on in the strip the second is (int16, bytes), how
 * far the first, the four weights of each. A step of -4 is the end.
 * Not fast: it is there for weights that come in such blocks. */
#include "tfc/elements.h"
#include "tfc/strip.h"

/* sums[4][columns] of four channels, from their starts on; returns the weights of the next four. */
TFC_INLINE const int8_t *tfc_blocks4x1(int32_t *sums, int32_t columns, const int8_t *x, const int8_t *w) {
    for (int32_t i = 0; i < 4; i++, w += 4) {
        for (int32_t p = 0; p < columns; p++) sums[i * columns + p] = (int32_t)tfc_load(w);
    }
    for (;; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            const int8_t *weights = w + 4 + 4 * i;
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step == -4) return weights;
            x += step;
            for (int32_t p = 0; p < columns; p++) {
                int32_t value = tfc_get(x + 4 * p, 2);
                for (int32_t k = 0; k < 4; k++) sums[k * columns + p] = tfc_mla(weights[k], value, sums[k * columns + p]);
            }
        }
    }
}

/* Of the only columns there are. */
TFC_INLINE void tfc_sums4x1(int32_t columns, const struct tfc_pass *pass, const int8_t *w) {
    int32_t *sums = pass->columns->y;
    for (const int32_t *m = pass->multiplier; m != pass->end; m += 4, sums += 4 * columns) {
        w = tfc_blocks4x1(sums, columns, (const int8_t *)pass->columns->x, w);
    }
}

void tfc_block4x1_sums(const struct tfc_pass *pass, const void *w) {
    tfc_sums4x1(4, pass, w);
}

void tfc_block4x1_one(const struct tfc_pass *pass, const void *w) {
    tfc_sums4x1(1, pass, w);
}
