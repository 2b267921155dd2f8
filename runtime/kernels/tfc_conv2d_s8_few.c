/* Dense convolution of few channels without groups, any window, stride and padding, dilation 1.
 * w: [out, kernel_h, kernel_w, c] as it is.
 * scratch: the table of a clamp, the stream of widened weights, a panel of four windows, the rows of the map that they touch, twice, the
 * sums of the panel.
 * Fast because a window's row is one run of neighbours: panels are copied from rows that are widened once, and weights are widened once for all. */
#include "tfc/few.h"

static void widen_row(const struct tfc_conv2d *f, const struct tfc_few *s, int16_t *to, const int8_t *x, int32_t row) {
    int16_t *first = to + f->pad_left * f->c;
    if ((uint32_t)row < (uint32_t)f->h) tfc_few_widen(first, first + s->pitch + 1, x + row * f->w * f->c, f->w * f->c);
    else tfc_few_fill(to, f->zero, s->pitch);
}

void tfc_conv2d_s8_few(const struct tfc_conv2d *f, const int8_t *x, const int8_t *w, const int32_t *b, const void *r, void *scratch, void *y) {
    struct tfc_few s = tfc_few_of(f);
    uint32_t *stream = (uint32_t *)scratch + (f->result.direct == TFC_DIRECT_CLAMP ? TFC_TABLE_SIZE / 4 : 0);
    uint32_t *panel = tfc_few_stream(stream, f, w, b, f->kernel_h * s.run);
    struct tfc_direct_ending ending = tfc_direct_ending_of(&f->result, scratch);
    struct tfc_chain k = tfc_chain_of(panel, stream, panel, s.steps, ending, f->out);
    int16_t *rows = (int16_t *)(panel + 4 * s.steps);
    int32_t *sums = (int32_t *)(void *)(rows + 2 * s.rows * s.pitch), pixels = f->out_h * f->out_w;
    int32_t direct = f->result.direct && (f->out & 1) == 0, step = f->stride_w * f->c, straight = f->kernel_h == 3 && s.rows == 3 && (s.run == 9 || s.run == 3);
    int32_t ready = 0, next = 0, row = 0, column = 0, slot = 0; /* padded rows that are widened, the next one's slot; the panel's first window */
    const int16_t *lines[3];
    struct tfc_starts starts[4];
    for (int32_t p = 0; p < 4; p++) starts[p] = tfc_starts_of(p * step, s.pitch);
    tfc_few_fill(rows, f->zero, s.rows * s.pitch);
    tfc_chain_to(&k, ending.table ? TFC_CHAIN_TABLE : TFC_CHAIN_PLAIN, y);
    for (int32_t first = 0; first < pixels; first += 4) {
        int32_t left = pixels - first, last = row;
        for (int32_t end = column + (left < 4 ? left : 4); end > f->out_w; end -= f->out_w) last++;
        for (; ready < last * f->stride_h + f->kernel_h; ready++, next = next + 1 == s.rows ? 0 : next + 1) {
            widen_row(f, &s, rows + 2 * next * s.pitch, x, ready - f->pad_top);
        }
        if (straight) {
            for (int32_t i = 0; i < 3 && column == 0; i++) lines[i] = rows + 2 * ((slot + i) % 3) * s.pitch;
            if (s.run == 9) tfc_few_windows3x3x3(panel, lines, column * step, starts);
            else tfc_few_windows3x3x1(panel, lines, column * step, starts);
        } else {
            tfc_few_windows(panel, f, &s, rows, slot, column, left);
        }
        if (direct && left >= 4) {
            k.y = (int8_t *)y + first * f->out;
            tfc_chain(&k);
        } else {
            struct tfc_walk at = {.rows = f->out, .n = left < 4 ? left : 4, .pitch = 4, .first = first * f->out, .row = 1, .step = f->out, .channel_step = 1};
            tfc_chain_to(&k, TFC_CHAIN_SUMS, sums);
            tfc_chain(&k);
            f->result.end(&f->result, &at, sums, r, y);
        }
        for (column += 4; column >= f->out_w; column -= f->out_w, row++) {
            for (slot += f->stride_h; slot >= s.rows;) slot -= s.rows;
        }
    }
}
