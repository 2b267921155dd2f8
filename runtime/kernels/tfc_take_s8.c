/* Some indices along an axis, in any order and number.
 * x: [outer, axis, run], y: [outer, n, run], in bytes.
 * No scratch; x and y do not overlap.
 * Fast because a run is copied by words. */
#include "tfc/kernels.h"
#include "tfc/simd.h"

void tfc_take_s8(const struct tfc_take *f, const int8_t *x, int8_t *y) {
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->axis * f->run) {
        for (int32_t i = 0; i < f->n; i++) {
            const int8_t *from = x + f->index[i] * f->run;
            int32_t left = f->run;
            for (; left >= 4; left -= 4, from += 4, y += 4) tfc_store(y, tfc_load(from));
            for (; left > 0; left--) *y++ = *from++;
        }
    }
}
