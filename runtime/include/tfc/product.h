/* Convolutions and linears over panels of four: what a kernel adds is how it multiplies all channels, and the order of its panel. */
#ifndef TFC_PRODUCT_H
#define TFC_PRODUCT_H

#include "tfc/panel.h"

/* sums[out, rounded up to 4][4] of a panel of this many quads of inputs. */
typedef void tfc_channels(int32_t *sums, int32_t out, int32_t quads, const uint32_t *panel, const int8_t *w, const int32_t *b);

TFC_INLINE int32_t *tfc_sums_behind(uint32_t *panel, int32_t quads) {
    return (int32_t *)(panel + 8 * quads);
}

/* Ends the sums of a panel of which `left` pixels or tokens exist. */
TFC_INLINE void tfc_end_four(const struct tfc_result *f, const int32_t *sums, int32_t out, int32_t first, int32_t left, const void *r, void *y) {
    struct tfc_walk at = {.rows = out, .n = left < 4 ? left : 4, .pitch = 4, .first = first * out, .row = 1, .step = out, .channel_step = 1};
    f->end(f, &at, sums, r, y);
}

/* The first `tokens` tokens. */
TFC_INLINE void tfc_linear_panels(tfc_channels *channels, enum tfc_order order, int32_t tokens, const struct tfc_linear *f, const int8_t *x,
                                  const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    int32_t quads = tfc_quads(f->in), *sums = tfc_sums_behind(scratch, quads);
    for (int32_t token = 0; token < tokens; token += 4) {
        const int8_t *first = x + token * f->in * f->x_bytes;
        if (f->x_bytes == 1) tfc_panel_tokens(scratch, order, 1, first, f->in, tokens - token);
        else tfc_panel_tokens(scratch, order, 2, first, f->in, tokens - token);
        channels(sums, f->out, quads, scratch, w, b);
        tfc_end_four(&f->result, sums, f->out, token, tokens - token, r, y);
    }
}

TFC_INLINE void tfc_conv2d_panels(tfc_channels *channels, enum tfc_order order, const struct tfc_conv2d *f, const int8_t *x, const int8_t *w,
                                  const int32_t *b, const void *r, void *scratch, void *y) {
    int32_t quads = tfc_quads(f->kernel_h * f->kernel_w * f->c), pixels = f->out_h * f->out_w, *sums = tfc_sums_behind(scratch, quads);
    int8_t *behind = (int8_t *)(sums + 4 * ((f->out + 3) & ~3));
    tfc_panel_prepare(f, behind);
    for (int32_t pixel = 0; pixel < pixels; pixel += 4) {
        tfc_panel_conv2d(scratch, order, f, x, pixel, behind);
        channels(sums, f->out, quads, scratch, w, b);
        tfc_end_four(&f->result, sums, f->out, pixel, pixels - pixel, r, y);
    }
}

#endif
