/* One value everywhere: what pad leaves around its operand.
 * y: n elements.
 * No scratch.
 * Fast because it goes by words. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_fill_s8(const struct tfc_fill *f, int8_t *y) {
    int32_t n = f->n;
    uint32_t quad = 0x01010101u * (uint8_t)f->value;
    for (; n >= 4; n -= 4, y += 4) tfc_store(y, quad);
    for (; n > 0; n--) *y++ = f->value;
}
