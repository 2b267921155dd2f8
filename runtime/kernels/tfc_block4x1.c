/* Products of a strip by quads with a stream of blocks of four channels and one input.
 * w: the format "block4x1" of backends/streams.py. Four channels are groups of two blocks: how far on in the strip the second is (int16, bytes), how
 * far the first, the four weights of each. A step of -4 is the end.
 * Not fast: it is there for weights that come in such blocks. */
#include "tfc/elements.h"
#include "tfc/strip.h"

/* sums[4][columns] of one column, from the starts of its four channels on; returns the weights of the next four. */
TFC_APART const int8_t *tfc_column4x1(int32_t *sums, int32_t columns, const int8_t *x, const int8_t *w) {
    int32_t a[4];
    __builtin_memcpy(a, w, sizeof a);
    for (w += sizeof a;; w += 12) {
        for (int32_t i = 0; i < 2; i++) {
            int32_t step = tfc_get(w + 2 - 2 * i, 2);
            if (step < 0) {
                for (int32_t k = 0; k < 4; k++) sums[k * columns] = a[k];
                return w + 4 + 4 * i;
            }
            x += step;
            uint32_t value = (uint32_t)tfc_get(x, 2), weights = tfc_load(w + 4 + 4 * i), even = tfc_sxtb16(weights), odd = tfc_sxtb16_8(weights);
            a[0] = tfc_smlabb(value, even, a[0]), a[1] = tfc_smlabb(value, odd, a[1]);
            a[2] = tfc_smlabt(value, even, a[2]), a[3] = tfc_smlabt(value, odd, a[3]);
        }
    }
}

/* Of the only columns there are. */
TFC_INLINE void tfc_sums4x1(int32_t columns, const struct tfc_pass *pass, const int8_t *w) {
    const int8_t *next = w;
    int32_t *sums = pass->columns->y;
    for (const int32_t *m = pass->multiplier; m != pass->end; m += 4, w = next, sums += 4 * columns) {
        for (int32_t p = 0; p < columns; p++) next = tfc_column4x1(sums + p, columns, (const int8_t *)(pass->columns->x + p), w);
    }
}

void tfc_block4x1_sums(const struct tfc_pass *pass, const void *w) {
    tfc_sums4x1(4, pass, w);
}

void tfc_block4x1_one(const struct tfc_pass *pass, const void *w) {
    tfc_sums4x1(1, pass, w);
}
