/* Convolutions and linears over strips, of any kind of weights. */
#ifndef TFC_STRIPS_H
#define TFC_STRIPS_H

#include "tfc/strip_loop.h"

/* All channels of four columns of which `left` exist; the result of column 0 begins at element `first` of y. */
TFC_INLINE void tfc_finish_columns(const struct tfc_loops *loops, const struct tfc_result *f, int32_t out, int32_t first, int32_t left, const uint32_t *x,
                                   const void *w, const void *r, int32_t *sums, void *y) {
    if (f->plain && left >= 4 && (out & 1) == 0) {
        int8_t *to = (int8_t *)y + first;
        const struct tfc_pass pass = {to, f->multiplier, out, f->zero, to + out, x};
        loops->plain(&pass, w);
        return;
    }
    const struct tfc_pass pass = {.y = sums, .end = sums + 4 * ((out + 1) & ~1), .x = x};
    const struct tfc_walk at = {.rows = out, .n = left < 4 ? left : 4, .pitch = 4, .first = first, .row = 1, .step = out, .channel_step = 1};
    loops->sums(&pass, w);
    f->end(f, &at, sums, r, y);
}

/* Sums, then what a kernel needs before its strip. */
TFC_INLINE int8_t *tfc_behind_sums(int32_t *sums, int32_t out) {
    return (int8_t *)(sums + 4 * ((out + 3) & ~3));
}

TFC_INLINE void tfc_linear_strips(const struct tfc_loops *loops, const struct tfc_linear *f, int32_t tokens, const int8_t *x, const void *w, const void *r,
                                  void *scratch, void *y) {
    uint32_t *strip = (uint32_t *)(void *)tfc_behind_sums(scratch, f->out);
    int32_t token_bytes = f->in * f->x_bytes;
    for (int32_t token = 0; token < tokens; token += 4, x += 4 * token_bytes) {
        const int8_t *columns[4];
        for (int32_t p = 0; p < 4; p++) columns[p] = x + (p < tokens - token ? p : tokens - token - 1) * token_bytes;
        tfc_widen_columns(strip, 4, f->x_bytes, columns, f->in);
        tfc_finish_columns(loops, &f->result, f->out, token * f->out, tokens - token, strip, w, r, scratch, y);
    }
}

/* scratch: sums, four windows of whole quads, then the strip of four columns that they become. */
TFC_APART void tfc_conv2d_gathered(const struct tfc_loops *loops, const struct tfc_conv2d *f, const int8_t *x, const void *w, const void *r, void *scratch,
                                   void *y) {
    int32_t inputs = f->kernel_h * f->kernel_w * f->c, quads = tfc_quads(inputs), pixels = f->out_h * f->out_w;
    int8_t *gathered = tfc_behind_sums(scratch, f->out);
    uint32_t *strip = (uint32_t *)(void *)(gathered + 16 * quads);
    const int8_t *columns[4];
    for (int32_t p = 0; p < 4; p++) columns[p] = gathered + 4 * quads * p;
    for (int32_t i = 0; i < 16 * quads; i++) gathered[i] = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += 4) {
        for (int32_t p = 0; p < 4 && pixel + p < pixels; p++) tfc_gather_window(gathered + 4 * quads * p, f, x, tfc_window_of(f, pixel + p));
        tfc_widen_columns(strip, 4, 1, columns, 4 * quads);
        tfc_finish_columns(loops, &f->result, f->out, pixel * f->out, pixels - pixel, strip, w, r, scratch, y);
    }
}

/* How the windows of a convolution lie in strips. */
struct tfc_windows {
    int32_t phases; /* rows of a strip for a row of the map */
    int32_t halo;   /* columns that windows reach beyond their first */
    int32_t span;   /* results of a row of a strip */
    int32_t quads;  /* of channels */
    int32_t row;    /* words of all phases */
};

TFC_INLINE struct tfc_windows tfc_windows_of(const struct tfc_conv2d *f) {
    int32_t reach = (f->kernel_w - 1) * f->dilation_w, phases = reach < f->stride_w ? reach + 1 : f->stride_w;
    int32_t halo = reach / f->stride_w, quads = tfc_quads(f->c);
    return (struct tfc_windows){phases, halo, (TFC_PITCH - halo) & ~3, quads, phases * quads * TFC_QUAD_WORDS};
}

/* A row of the map as a row of a strip, for `results` results from column `left` on. The padding reads `outside`, c zero points. */
TFC_APART void tfc_widen_row(uint32_t *strip, const struct tfc_conv2d *f, const struct tfc_windows *s, const int8_t *x, int32_t row, int32_t left,
                             int32_t results, const int8_t *outside) {
    int32_t columns = ((results + 3) & ~3) + s->halo, inside = (uint32_t)row < (uint32_t)f->h;
    x += row * f->w * f->c;
    for (int32_t phase = 0; phase < s->phases; phase++, strip += s->quads * TFC_QUAD_WORDS) {
        int32_t column = left * f->stride_w - f->pad_left + phase;
        for (int32_t i = 0; i < columns; i += 4) {
            const int8_t *four[4];
            for (int32_t p = 0; p < 4; p++, column += f->stride_w) four[p] = inside && (uint32_t)column < (uint32_t)f->w ? x + column * f->c : outside;
            tfc_widen_columns(strip + i, columns - i < 4 ? columns - i : 4, 1, four, f->c);
        }
    }
}

/* Words to smaller addresses. */
TFC_INLINE void tfc_move_down(uint32_t *to, const uint32_t *from, int32_t words) {
    for (; words > 0; words -= 8, to += 8, from += 8) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], g = from[5], h = from[6], i = from[7];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d, to[4] = e, to[5] = g, to[6] = h, to[7] = i;
    }
}

/* scratch: sums, c zero points in whole words, then a strip of `rows` rows, of which those that the next results share are kept. */
TFC_INLINE void tfc_conv2d_strips(const struct tfc_loops *loops, const struct tfc_conv2d *f, const int8_t *x, const void *w, const void *r, void *scratch,
                                  void *y) {
    if (f->rows == 0) {
        tfc_conv2d_gathered(loops, f, x, w, r, scratch, y);
        return;
    }
    const struct tfc_windows s = tfc_windows_of(f);
    int8_t *outside = tfc_behind_sums(scratch, f->out);
    uint32_t *strip = (uint32_t *)(void *)(outside + 4 * s.quads);
    int32_t shared = f->dilation_h == 1 && f->stride_h < f->kernel_h ? f->kernel_h - f->stride_h : 0;
    for (int32_t i = 0; i < f->c; i++) outside[i] = (int8_t)f->zero;
    for (int32_t left = 0; left < f->out_w; left += s.span) {
        int32_t results = f->out_w - left < s.span ? f->out_w - left : s.span, top = 0, have = 0;
        for (int32_t row = 0; row < f->out_h; row++, top += f->stride_h, have = shared) {
            if (top + f->kernel_h > f->rows) {
                tfc_move_down(strip, strip + top * s.row, have * s.row);
                top = 0;
            }
            for (int32_t ky = have; ky < f->kernel_h; ky++) {
                tfc_widen_row(strip + (top + ky) * s.row, f, &s, x, row * f->stride_h - f->pad_top + ky * f->dilation_h, left, results, outside);
            }
            for (int32_t column = 0; column < results; column += 4) {
                int32_t first = (row * f->out_w + left + column) * f->out;
                tfc_finish_columns(loops, &f->result, f->out, first, results - column, strip + top * s.row + column, w, r, scratch, y);
            }
        }
    }
}

#endif
