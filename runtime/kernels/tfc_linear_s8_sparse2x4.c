/* Sparse linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], y: [tokens, out]; w: the stream "block2x4" over quads of inputs, on a word boundary.
 * scratch: 32 bytes for each quad, then 16 for each channel of an even number.
 * Fast because a block is decoded once for four tokens, whose widened inputs lie side by side. */
#include "tfc/sparse.h"
#include "tfc/panel.h"
#include "tfc/result.h"

void tfc_linear_s8_sparse2x4(const struct tfc_linear *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, void *scratch, int8_t *y) {
    uint32_t *panel = scratch;
    int32_t *sums = (int32_t *)(panel + 8 * tfc_quads(f->in));
    for (int32_t token = 0; token < f->tokens; token += 4) {
        int32_t left = f->tokens - token;
        tfc_panel_tokens(panel, x + token * f->in, f->in, tfc_pixel_offsets(left, f->in), 4);
        tfc_sparse2x4_channels(sums, f->out, panel, (const void *)w, b);
        tfc_end_panel(&f->result, sums, f->out, tfc_pixel_offsets(left, f->out), r ? r + token * f->out : 0, y + token * f->out);
    }
}
