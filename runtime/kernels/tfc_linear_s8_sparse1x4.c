/* Sparse linear over tokens.
 * x: [tokens, in], y: [tokens, out]; w: the stream "block1x4" over quads of inputs, on a word boundary.
 * scratch: 32 bytes for each quad.
 * Fast because a block is decoded once for four tokens, whose widened inputs lie side by side. */
#include "tfc/kernels.h"
#include "tfc/panel.h"
#include "tfc/sparse.h"

void tfc_linear_s8_sparse1x4(const struct tfc_linear *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, void *scratch, int8_t *y) {
    for (int32_t token = 0; token < f->tokens; token += 4, x += 4 * f->in) {
        tfc_panel_tokens(scratch, x, f->in, tfc_pixel_offsets(f->tokens - token, f->in), 4);
        tfc_sparse1x4_channels(&f->result, f->out, scratch, (const void *)w, b, tfc_pixel_offsets(f->tokens - token, f->out), r ? r + token * f->out : 0,
                               y + token * f->out);
    }
}
