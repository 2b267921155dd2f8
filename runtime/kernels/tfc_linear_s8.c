/* Dense linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], y: [tokens, out]; w: pairs of outputs over quads of inputs, format "pairs" of backends/formats.py.
 * scratch: 32 bytes for each quad, then 16 for each channel of an even number.
 * Fast because each word of four widened tokens and of the weights feeds SMLADs of 2 x 4 outputs; a last single token goes alone. */
#include "tfc/dense.h"
#include "tfc/panel.h"
#include "tfc/result.h"

static void one_token(const struct tfc_linear *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, uint32_t *panel, int8_t *y) {
    struct tfc_offsets at = tfc_pixel_offsets(1, 0);
    tfc_panel_tokens(panel, x, f->in, at, 1);
    for (int32_t first = 0; first < f->out; first += 2) {
        int32_t second = first + 1 < f->out ? first + 1 : first;
        int32_t acc[2] = {b[first], b[second]};
        w = tfc_dense2x1(acc, panel, w, tfc_quads(f->in));
        tfc_end(&f->result, acc, 2, 1, first, second, at, r, y);
    }
}

void tfc_linear_s8(const struct tfc_linear *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, void *scratch, int8_t *y) {
    uint32_t *panel = scratch;
    int32_t *sums = (int32_t *)(panel + 8 * tfc_quads(f->in));
    int32_t token = 0;
    for (; f->tokens - token > 1; token += 4) {
        int32_t left = f->tokens - token;
        tfc_panel_tokens(panel, x + token * f->in, f->in, tfc_pixel_offsets(left, f->in), 4);
        tfc_dense_channels(sums, f->out, tfc_quads(f->in), panel, w, b);
        tfc_end_panel(&f->result, sums, f->out, tfc_pixel_offsets(left, f->out), r ? r + token * f->out : 0, y + token * f->out);
    }
    if (token < f->tokens) one_token(f, x + token * f->in, w, b, r ? r + token * f->out : 0, panel, y + token * f->out);
}
