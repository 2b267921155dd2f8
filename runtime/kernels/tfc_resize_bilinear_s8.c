/* Another size of a map by linear interpolation.
 * x: [h, w, c], y: [out_h, out_w, c]; for each row and column of the result its two sources and the share of the second, in 1/256.
 * No scratch.
 * Fast because the four weights of a pixel serve all its channels, four of which are widened together; means never leave int8. */
#include "tfc/kernels.h"
#include "tfc/quads.h"

/* Upper left, upper right, lower left, lower right; the shares of the right and of the lower ones. */
TFC_APART void pixel(const int8_t *const at[4], int32_t right, int32_t lower, int32_t n, int8_t *y) {
    const int8_t *a = at[0], *b = at[1], *c = at[2], *d = at[3];
    uint32_t across = tfc_pkhbt((uint32_t)(256 - right), (uint32_t)right), down = tfc_pkhbt((uint32_t)(256 - lower), (uint32_t)lower);
    int32_t half = 1 << 15, biased = half + (TFC_BIAS << 16);
    TFC_ROLLED for (; n >= 4; n -= 4, a += 4, b += 4, c += 4, d += 4, y += 4) {
        struct tfc_quad qa = tfc_quad_at(a, 1), qb = tfc_quad_at(b, 1), qc = tfc_quad_at(c, 1), qd = tfc_quad_at(d, 1);
        uint32_t v[4];
        for (int32_t i = 0; i < 4; i++) {
            int32_t above = tfc_quad_mla_top(qb, 1, i, across, tfc_quad_mla(qa, 1, i, across, 0));
            int32_t below = tfc_quad_mla_top(qd, 1, i, across, tfc_quad_mla(qc, 1, i, across, 0));
            v[i] = (uint32_t)tfc_smlad(tfc_pkhbt((uint32_t)above, (uint32_t)below), down, biased);
        }
        tfc_store(y, (tfc_pkhtb(v[0], v[2]) | tfc_pkhtb(v[1], v[3]) << 8) ^ 0x80808080u);
    }
    for (; n > 0; n--) {
        int32_t above = *a++ * (256 - right) + *b++ * right, below = *c++ * (256 - right) + *d++ * right;
        *y++ = (int8_t)((above * (256 - lower) + below * lower + half) >> 16);
    }
}

void tfc_resize_bilinear_s8(const struct tfc_resize_bilinear *facts, const int8_t *x, int8_t *y) {
    const struct tfc_resize_bilinear copy = *facts, *f = &copy; /* no store can change the copy */
    for (int32_t row = 0; row < f->out_h; row++) {
        const struct tfc_taps *r = f->rows + row;
        const int8_t *above = x + r->first * f->w * f->c, *below = x + r->second * f->w * f->c;
        for (int32_t column = 0; column < f->out_w; column++, y += f->c) {
            const struct tfc_taps *t = f->columns + column;
            const int8_t *const at[4] = {above + t->first * f->c, above + t->second * f->c, below + t->first * f->c, below + t->second * f->c};
            pixel(at, t->share, r->share, f->c, y);
        }
    }
}
