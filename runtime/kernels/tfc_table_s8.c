/* A pointwise function.
 * x, y: n elements; the table is indexed by x + 128.
 * No scratch; y may be x.
 * Fast because an element is two loads and a store. */
#include "tfc/kernels.h"

void tfc_table_s8(const struct tfc_table *f, const int8_t *x, int8_t *y) {
    const int8_t *table = f->table + 128;
    for (const int8_t *end = x + f->n; x != end; x++) *y++ = table[*x];
}
