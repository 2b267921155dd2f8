/* Sparse convolution without groups, any window, stride, padding and dilation.
 * w: the stream "block1x4" over quads of flattened (ky, kx, c) inputs, on a word boundary; fewer than 65,536 quads.
 * scratch: 32 bytes for each quad, 16 for each channel of an even number, then c bytes (c a multiple of 4) or a window of whole quads.
 * Fast because a block is decoded once for four pixels, whose widened inputs lie side by side. */
#include "tfc/sparse.h"
#include "tfc/panel.h"
#include "tfc/result.h"

void tfc_conv2d_s8_sparse1x4(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const int8_t *r, void *scratch, int8_t *y) {
    int32_t quads = tfc_quads(f->kernel_h * f->kernel_w * f->c), pixels = f->out_h * f->out_w;
    uint32_t *panel = scratch;
    int32_t *sums = (int32_t *)(panel + 8 * quads);
    int8_t *behind = (int8_t *)(sums + 4 * ((f->out + 1) & ~1));
    tfc_panel_prepare(f, behind);
    for (int32_t pixel = 0; pixel < pixels; pixel += 4) {
        tfc_panel_conv2d(panel, f, x, pixel, behind);
        tfc_sparse1x4_channels(sums, f->out, panel, (const void *)w, b);
        tfc_end_panel(&f->result, sums, f->out, tfc_pixel_offsets(pixels - pixel, f->out), r ? r + pixel * f->out : 0, y + pixel * f->out);
    }
}
