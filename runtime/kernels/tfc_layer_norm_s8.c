/* Layer norm over the last axis.
 * x, y: [rows, c]; gains and offsets side by side, one pair a channel.
 * No scratch.
 * Fast because both sums are SMLADs of quads, 64-bit work is done once a row, and an element costs two MLAs and one SMMULR. */
#include "tfc/result.h"
#include "tfc/rsqrt.h"

TFC_APART void sums(const int8_t *x, int32_t c, int32_t *sum, int32_t *squares) {
    int32_t s1 = 0, s2 = 0;
    for (; c >= 4; c -= 4, x += 4) {
        uint32_t quad = tfc_load(x), even = tfc_sxtb16(quad), odd = tfc_sxtb16_8(quad);
        s1 = tfc_smlad(even, 0x00010001, s1);
        s2 = tfc_smlad(even, even, s2);
        s1 = tfc_smlad(odd, 0x00010001, s1);
        s2 = tfc_smlad(odd, odd, s2);
    }
    for (; c > 0; c--, x++) {
        s1 += *x;
        s2 += *x * *x;
    }
    *sum = s1;
    *squares = s2;
}

/* One row: from t = c * x - sum, already shifted, to the result. */
TFC_INLINE void normalise(const struct tfc_layer_norm *facts, int full, const int8_t *x, int32_t scale, int32_t offset, int32_t factor, int8_t *y) {
    const struct tfc_layer_norm f = *facts; /* no store can change the copy */
    const struct tfc_affine *affine = f.affine;
    for (const int8_t *end = x + f.c; x != end; affine++) {
        int32_t n = tfc_smmulr(tfc_mla(*x++, scale, offset), factor);
        *y++ = tfc_cut(tfc_mla(n, affine->gain, affine->offset) >> f.s, full, f.lo, f.hi);
    }
}

void tfc_layer_norm_s8(const struct tfc_layer_norm *f, const int8_t *x, int8_t *y) {
    int32_t scale = tfc_shl(f->c, f->a), full = tfc_is_full(f->lo, f->hi);
    for (int32_t row = 0; row < f->rows; row++, x += f->c, y += f->c) {
        int32_t sum, squares;
        sums(x, f->c, &sum, &squares);
        int64_t w = (int64_t)f->c * squares - (int64_t)sum * sum + f->epsilon;
        int32_t factor = tfc_rsqrt(w > 1 ? (uint64_t)w : 1, f->p), offset = tfc_shl(-sum, f->a);
        if (full) normalise(f, 1, x, scale, offset, factor, y);
        else normalise(f, 0, x, scale, offset, factor, y);
    }
}
