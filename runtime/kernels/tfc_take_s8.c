/* Some indices along an axis, in any order and number.
 * x: [outer, axis, run], y: [outer, n, run], in bytes.
 * No scratch; x and y do not overlap.
 * Fast because a run is copied by words, and single bytes are no runs. */
#include "tfc/copy.h"
#include "tfc/kernels.h"

void tfc_take_s8(const struct tfc_take *facts, const int8_t *x, int8_t *y) {
    const struct tfc_take copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t outer = 0; outer < f->outer; outer++, x += f->axis * f->run) {
        if (f->run == 1) {
            for (int32_t i = 0; i < f->n; i++) *y++ = x[f->index[i]];
        } else {
            for (int32_t i = 0; i < f->n; i++, y += f->run) tfc_copy(x + f->index[i] * f->run, y, f->run);
        }
    }
}
