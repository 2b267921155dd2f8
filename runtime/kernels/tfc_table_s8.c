/* A pointwise function.
 * x, y: n elements; the table is indexed by x + 128.
 * No scratch; y may be x.
 * Fast because four elements are loaded with one word, and looked up before the first of them is stored. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_table_s8(const struct tfc_table *f, const int8_t *x, int8_t *y) {
    const int8_t *table = f->table;
    int32_t n = f->n;
    TFC_ROLLED for (; n >= 4; n -= 4, x += 4, y += 4) {
        uint32_t at = tfc_load(x) ^ 0x80808080u;
        int8_t v0 = table[at & 0xff], v1 = table[at >> 8 & 0xff], v2 = table[at >> 16 & 0xff], v3 = table[at >> 24];
        y[0] = v0;
        y[1] = v1;
        y[2] = v2;
        y[3] = v3;
    }
    TFC_ROLLED for (; n > 0; n--) *y++ = table[*x++ + 128];
}
