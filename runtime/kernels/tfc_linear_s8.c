/* Dense linear over tokens; also a 1x1 convolution without stride.
 * x: [tokens, in], int8 or int16; y: [tokens, out]; w: pairs of outputs over quads of inputs, format "pairs" of backends/formats.py.
 * scratch: 32 bytes for each quad, 16 for each channel of a multiple of four.
 * Fast because each word of four widened tokens and of the weights feeds SMLADs of 2 x 4 outputs; a last single token goes alone. */
#include "tfc/dense.h"
#include "tfc/product.h"

TFC_APART void one_token(const struct tfc_linear *f, int32_t token, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    int32_t quads = tfc_quads(f->in), *sums = tfc_sums_behind(scratch, quads);
    struct tfc_walk at = {.rows = f->out, .n = 1, .pitch = 1, .first = token * f->out, .row = 1, .channel_step = 1};
    const int8_t *inputs = (const int8_t *)x + token * f->in * f->x_bytes;
    if (f->x_bytes == 1) tfc_panel_token(scratch, 1, inputs, f->in);
    else tfc_panel_token(scratch, 2, inputs, f->in);
    for (int32_t i = 0; i < f->out; i += 2) {
        int32_t acc[2] = {b[i], i + 1 < f->out ? b[i + 1] : 0};
        w = tfc_dense2x1(acc, scratch, w, quads);
        sums[i] = acc[0], sums[i + 1] = acc[1];
    }
    f->result.end(&f->result, &at, sums, r, y);
}

void tfc_linear_s8(const struct tfc_linear *f, const void *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    int32_t tokens = f->tokens % 4 == 1 ? f->tokens - 1 : f->tokens;
    tfc_linear_panels(tfc_dense_channels, TFC_BY_QUADS, tokens, f, x, w, b, r, scratch, y);
    if (tokens < f->tokens) one_token(f, tokens, x, w, b, r, scratch, y);
}
