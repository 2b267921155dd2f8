/* Convolutions and linears over strips, of any format of weights that has loops. */
#ifndef TFC_STRIPS_H
#define TFC_STRIPS_H

#include "tfc/widen.h"

enum { TFC_MOST_COLUMNS = 12 }; /* fours or eights that are finished together */

/* The columns of a strip that are finished together. Those that a loop both takes together and ends wait until the strip is done; the others go
 * through sums. */
struct tfc_waiting {
    const struct tfc_result *f;
    int32_t out, count;
    const void *w, *r;
    int32_t *sums;
    void *y;
    struct tfc_columns columns[TFC_MOST_COLUMNS + 1];
};

TFC_INLINE void tfc_pass_columns(const struct tfc_waiting *s, tfc_loop *loop, struct tfc_columns *columns) {
    const struct tfc_result *f = s->f;
    const struct tfc_pass pass = {f->multiplier, s->out, f->zero, columns, f->multiplier + s->out, f->residual, (const int8_t *)s->r - (int8_t *)s->y, f->table, f->shift};
    loop(&pass, s->w);
}

/* Columns for a loop of which `left` exist; the result of column 0 begins at element `first` of y. */
TFC_INLINE void tfc_add_columns(struct tfc_waiting *s, const uint32_t *x, int32_t first, int32_t left) {
    const struct tfc_result *f = s->f;
    int32_t width = f->loops.columns, channels = f->loops.channels;
    if (f->loops.whole && (s->out & (channels - 1)) == 0 && (left >= width || left == 1)) {
        struct tfc_columns at = {x, (int8_t *)s->y + first};
        if (left == 1) tfc_pass_columns(s, f->loops.one, &at);
        else s->columns[s->count++] = at;
        return;
    }
    struct tfc_columns columns[2] = {{x, s->sums}, {0, 0}};
    const struct tfc_pass pass = {.multiplier = f->multiplier, .end = f->multiplier + ((s->out + channels - 1) & -channels), .columns = columns};
    const struct tfc_walk at = {.rows = s->out, .n = left < width ? left : width, .pitch = left == 1 ? 1 : width, .first = first, .row = 1, .step = s->out, .channel_step = 1};
    (left == 1 ? f->loops.one : f->loops.sums)(&pass, s->w);
    f->end(f, &at, s->sums, s->r, s->y);
}

TFC_INLINE void tfc_finish_columns(struct tfc_waiting *s) {
    if (s->count == 0) return;
    s->columns[s->count] = (struct tfc_columns){0, 0};
    tfc_pass_columns(s, s->f->loops.whole, s->columns);
    s->count = 0;
}

TFC_INLINE int8_t *tfc_behind_sums(const struct tfc_waiting *s) {
    return (int8_t *)(s->sums + s->f->loops.columns * ((s->out + 3) & ~3));
}

/* scratch: sums, then f->strips strips; of no strips the pairs of one token, one behind another. */
TFC_INLINE void tfc_linear_strips(const struct tfc_linear *f, const int8_t *x, const void *w, const void *r, void *scratch,
                                  void *y) {
    struct tfc_waiting s = {.f = &f->result, .out = f->out, .w = w, .r = r, .sums = scratch, .y = y};
    if (f->strips == 0) {
        uint32_t *token = (uint32_t *)(s.sums + ((s.out + 3) & ~3));
        tfc_widen_token(token, f->x_bytes, x, f->in);
        tfc_add_columns(&s, token, 0, 1);
        return;
    }
    int32_t width = f->result.loops.columns, token_bytes = f->in * f->x_bytes, strip_words = tfc_quads(f->in) * TFC_QUAD_WORDS;
    uint32_t *strips = (uint32_t *)(void *)tfc_behind_sums(&s), *strip = strips, *end = strips + f->strips * strip_words;
    for (int32_t token = 0, column = 0; token < f->tokens; token += width, x += width * token_bytes) {
        const int8_t *columns[8];
        int32_t left = f->tokens - token;
        for (int32_t p = 0; p < width; p++) columns[p] = x + (p < left ? p : left - 1) * token_bytes;
        f->result.loops.widen(strip + column, left == 1 ? 1 : width, columns, f->in);
        tfc_add_columns(&s, strip + column, token * f->out, left);
        column += width;
        if (column + width > TFC_PITCH) strip += strip_words, column = 0;
        if (strip == end) tfc_finish_columns(&s), strip = strips;
    }
    tfc_finish_columns(&s);
}

/* scratch: sums, as many windows of whole quads as a loop takes columns, then the strip that they become. */
TFC_APART void tfc_conv2d_gathered(struct tfc_waiting *s, const struct tfc_conv2d *f, const int8_t *x) {
    int32_t inputs = f->kernel_h * f->kernel_w * f->c, quads = tfc_quads(inputs), pixels = f->out_h * f->out_w, width = f->result.loops.columns;
    int8_t *gathered = tfc_behind_sums(s);
    uint32_t *strip = (uint32_t *)(void *)(gathered + width * 4 * quads);
    const int8_t *columns[8];
    for (int32_t p = 0; p < width; p++) columns[p] = gathered + 4 * quads * p;
    for (int32_t i = 0; i < width * 4 * quads; i++) gathered[i] = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += width) {
        for (int32_t p = 0; p < width && pixel + p < pixels; p++) tfc_gather_window(gathered + 4 * quads * p, f, x, tfc_window_of(f, pixel + p));
        f->result.loops.widen(strip, width, columns, 4 * quads);
        tfc_add_columns(s, strip, pixel * f->out, pixels - pixel);
        tfc_finish_columns(s);
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
    return (struct tfc_windows){phases, halo, (TFC_PITCH - halo) & -f->result.loops.columns, quads, phases * quads * TFC_QUAD_WORDS};
}

/* A row of the map as a row of a strip, for `results` results from column `left` on. The padding reads `outside`, c zero points. */
TFC_APART void tfc_widen_row(uint32_t *strip, const struct tfc_conv2d *f, const struct tfc_windows *s, const int8_t *x, int32_t row, int32_t left,
                             int32_t results, const int8_t *outside) {
    int32_t width = f->result.loops.columns, columns = ((results + width - 1) & -width) + s->halo, inside = (uint32_t)row < (uint32_t)f->h;
    x += row * f->w * f->c;
    for (int32_t phase = 0; phase < s->phases; phase++, strip += s->quads * TFC_QUAD_WORDS) {
        int32_t column = left * f->stride_w - f->pad_left + phase;
        const int8_t *from[TFC_PITCH];
        for (int32_t i = 0; i < columns; i++, column += f->stride_w) from[i] = inside && (uint32_t)column < (uint32_t)f->w ? x + column * f->c : outside;
        f->result.loops.widen(strip, columns, from, f->c);
    }
}

/* Words to smaller addresses. */
TFC_INLINE void tfc_move_down(uint32_t *to, const uint32_t *from, int32_t words) {
    for (; words > 0; words -= 8, to += 8, from += 8) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], g = from[5], h = from[6], i = from[7];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d, to[4] = e, to[5] = g, to[6] = h, to[7] = i;
    }
}

/* scratch: sums, c zero points in whole words, then a strip of f->rows rows. As many rows of results as it has room for are finished
 * together; the rows of the map that the next ones share are moved. */
TFC_INLINE void tfc_conv2d_strips(const struct tfc_conv2d *f, const int8_t *x, const void *w, const void *r, void *scratch,
                                  void *y) {
    struct tfc_waiting s = {.f = &f->result, .out = f->out, .w = w, .r = r, .sums = scratch, .y = y};
    if (f->rows == 0) {
        tfc_conv2d_gathered(&s, f, x);
        return;
    }
    const struct tfc_windows at = tfc_windows_of(f);
    int32_t together = f->dilation_h == 1 ? (f->rows - f->kernel_h) / f->stride_h + 1 : 1;
    int32_t shared = f->dilation_h == 1 && f->stride_h < f->kernel_h ? f->kernel_h - f->stride_h : 0;
    int8_t *outside = tfc_behind_sums(&s);
    uint32_t *strip = (uint32_t *)(void *)(outside + 4 * at.quads);
    for (int32_t i = 0; i < f->c; i++) outside[i] = (int8_t)f->zero;
    for (int32_t left = 0; left < f->out_w; left += at.span) {
        int32_t results = f->out_w - left < at.span ? f->out_w - left : at.span, have = 0;
        for (int32_t first = 0; first < f->out_h; first += together) {
            int32_t rows = f->out_h - first < together ? f->out_h - first : together, needed = (rows - 1) * f->stride_h + f->kernel_h;
            for (int32_t i = have; i < needed; i++) {
                tfc_widen_row(strip + i * at.row, f, &at, x, first * f->stride_h - f->pad_top + i * f->dilation_h, left, results, outside);
            }
            for (int32_t row = 0; row < rows; row++) {
                for (int32_t column = 0; column < results; column += s.f->loops.columns) {
                    tfc_add_columns(&s, strip + row * f->stride_h * at.row + column, ((first + row) * f->out_w + left + column) * f->out, results - column);
                }
            }
            tfc_finish_columns(&s);
            have = shared;
            tfc_move_down(strip, strip + rows * f->stride_h * at.row, have * at.row);
        }
    }
}

#endif
