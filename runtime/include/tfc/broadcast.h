/* Rows of two operands that broadcast, of elements of any type: sizes are constants where rows are inlined. */
#ifndef TFC_BROADCAST_H
#define TFC_BROADCAST_H

#include "tfc/elements.h"
#include "tfc/kernels.h"

struct tfc_sizes {
    int32_t a, b, y;
};

typedef void tfc_row(const void *facts, const int8_t *a, const int8_t *b, int8_t *y);

/* All rows; sizes may be variables here. */
TFC_INLINE void tfc_rows(tfc_row *row, struct tfc_sizes of, const struct tfc_broadcast *walk, const void *facts, const int8_t *a, const int8_t *b, int8_t *y) {
    for (int32_t i = 0; i < walk->n[0]; i++) {
        for (int32_t j = 0; j < walk->n[1]; j++) {
            for (int32_t k = 0; k < walk->n[2]; k++, y += walk->n[3] * of.y) {
                int32_t at_a = i * walk->a[0] + j * walk->a[1] + k * walk->a[2], at_b = i * walk->b[0] + j * walk->b[1] + k * walk->b[2];
                row(facts, a + at_a * of.a, b + at_b * of.b, y);
            }
        }
    }
}

/* The rows of each mix of types but int8 alone, from a function `ROW(facts, sizes, a, b, y)`, and which of them sizes take. */
#define TFC_MIX(ROW, A, B, Y) \
    TFC_APART void row##A##B##Y(const void *f, const int8_t *a, const int8_t *b, int8_t *y) { ROW(f, (struct tfc_sizes){A, B, Y}, a, b, y); }
#define TFC_MIXES(ROW) \
    TFC_MIX(ROW, 1, 1, 2) TFC_MIX(ROW, 1, 2, 1) TFC_MIX(ROW, 1, 2, 2) TFC_MIX(ROW, 2, 1, 1) TFC_MIX(ROW, 2, 1, 2) TFC_MIX(ROW, 2, 2, 1) TFC_MIX(ROW, 2, 2, 2) \
    static tfc_row *const tfc_mixes[] = {0, row112, row121, row122, row211, row212, row221, row222};

TFC_INLINE tfc_row *tfc_row_for(tfc_row *const *mixes, struct tfc_sizes of) {
    return mixes[4 * (of.a - 1) + 2 * (of.b - 1) + of.y - 1];
}

#endif
