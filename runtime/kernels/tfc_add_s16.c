/* Weighted sum of two values that broadcast, of which at least one, or the result, is int16: add and sub.
 * a, b: strides of `walk`; y: row-major; the sizes of their elements are facts.
 * No scratch.
 * Fast because each mix of types has a loop of its own: of pairs (a, b), which one SMLAD weighs and sums. */
#include "tfc/add.h"

#define ROW(A, B, Y) \
    TFC_APART void row##A##B##Y(const struct tfc_add *f, const int8_t *a, const int8_t *b, int8_t *y) { \
        tfc_add_row(f, (struct tfc_sizes){A, B, Y}, a, b, y); \
    }
ROW(1, 1, 2)
ROW(1, 2, 1)
ROW(1, 2, 2)
ROW(2, 1, 1)
ROW(2, 1, 2)
ROW(2, 2, 1)
ROW(2, 2, 2)

void tfc_add_s16(const struct tfc_add *f, const void *a, const void *b, void *y) {
    static tfc_row_sum *const rows[] = {0, row112, row121, row122, row211, row212, row221, row222};
    struct tfc_sizes of = {f->a_bytes, f->b_bytes, f->y_bytes};
    tfc_add_rows(rows[4 * (of.a - 1) + 2 * (of.b - 1) + of.y - 1], of, f, a, b, y);
}
