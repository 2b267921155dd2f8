/* One value everywhere: what pad leaves around its operand, of any element type.
 * y: n bytes.
 * No scratch.
 * Fast because it goes by words. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_fill_s8(const struct tfc_fill *f, int8_t *y) {
    uint32_t word = f->word;
    int32_t n = f->n;
    for (; n >= 4; n -= 4, y += 4) tfc_store(y, word);
    for (; n > 0; n--, word >>= 8) *y++ = (int8_t)(word & 0xff);
}
