/* Dense convolution of few channels without groups, any window, stride and padding, dilation 1.
 * w: [out, kernel_h, kernel_w, c] as it is.
 * scratch: the stream of widened weights, a panel of four windows, kernel_h rows twice, the sums of the panel.
 * Fast because a window's row is one run of neighbours: panels are copied from rows that are widened once, and weights are widened once for all. */
#include "tfc/depthwise.h"
#include "tfc/few.h"

void tfc_conv2d_s8_few(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    struct tfc_few s = tfc_few_of(f);
    uint32_t *panel = tfc_few_stream(scratch, f, &s, w, b);
    struct tfc_chain k = tfc_chain_of(panel, scratch, panel, s.steps, f->result.zero, f->out);
    int16_t *rows = (int16_t *)(panel + 4 * s.steps);
    int32_t *sums = (int32_t *)(void *)(rows + 2 * f->kernel_h * s.pitch);
    int32_t direct = tfc_is_plain(&f->result, r) && (f->out & 1) == 0;
    int32_t ready = 0, slot = 0; /* rows of the padded map that are widened, and where the next one goes */
    tfc_few_fill(rows, f->zero, f->kernel_h * s.pitch);
    for (int32_t row = 0, first = 0; row < f->out_h; row++) {
        for (; ready < row * f->stride_h + f->kernel_h; ready++, slot = slot + 1 == f->kernel_h ? 0 : slot + 1) {
            int32_t from = ready - f->pad_top;
            int16_t *to = rows + 2 * slot * s.pitch;
            if ((uint32_t)from < (uint32_t)f->h) tfc_few_widen(to + f->pad_left * f->c, to + s.pitch + f->pad_left * f->c + 1, x + from * f->w * f->c, f->w * f->c);
            else tfc_few_fill(to, f->zero, s.pitch);
        }
        for (int32_t column = 0; column < f->out_w; column += 4, first += 4) {
            int32_t left = f->out_w - column;
            if (f->kernel_h == 3 && s.run == 9) tfc_few_windows3x3x3(panel, f, s.pitch, rows, slot, column);
            else if (f->kernel_h == 3 && s.run == 3) tfc_few_windows3x3x1(panel, f, s.pitch, rows, slot, column);
            else tfc_few_windows(panel, f, s.pitch, rows, slot, column);
            k.y = direct && left >= 4 ? (void *)((int8_t *)y + first * f->out) : sums;
            if (direct && left >= 4) {
                tfc_chain_plain(&k);
            } else {
                struct tfc_walk at = {.rows = f->out, .n = left < 4 ? left : 4, .pitch = 4, .first = first * f->out, .row = 1, .step = f->out, .channel_step = 1};
                tfc_chain_sums(&k);
                f->result.end(&f->result, &at, sums, r, y);
            }
        }
        first += f->out_w - ((f->out_w + 3) & ~3);
    }
}
