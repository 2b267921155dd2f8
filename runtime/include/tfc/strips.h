/* Convolutions and linears over strips, of any format of weights that has loops. */
#ifndef TFC_STRIPS_H
#define TFC_STRIPS_H

#include "tfc/strip.h"

enum { TFC_MOST_COLUMNS = 12 }; /* fours that are finished together */

/* The columns of a strip that are finished together. Whole fours whose ending a loop has wait until the strip is done; the others go through
 * sums. */
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

/* Four columns of which `left` exist; the result of column 0 begins at element `first` of y. */
TFC_INLINE void tfc_add_columns(struct tfc_waiting *s, const uint32_t *x, int32_t first, int32_t left) {
    const struct tfc_result *f = s->f;
    if (f->whole && (s->out & 1) == 0 && (left >= 4 || left == 1)) {
        struct tfc_columns at = {x, (int8_t *)s->y + first};
        if (left == 1) tfc_pass_columns(s, f->one, &at);
        else s->columns[s->count++] = at;
        return;
    }
    struct tfc_columns columns[2] = {{x, s->sums}, {0, 0}};
    const struct tfc_pass pass = {.multiplier = f->multiplier, .end = f->multiplier + ((s->out + 1) & ~1), .columns = columns};
    const struct tfc_walk at = {.rows = s->out, .n = left < 4 ? left : 4, .pitch = left == 1 ? 1 : 4, .first = first, .row = 1, .step = s->out, .channel_step = 1};
    (left == 1 ? f->one : f->sums)(&pass, s->w);
    f->end(f, &at, s->sums, s->r, s->y);
}

TFC_INLINE void tfc_finish_columns(struct tfc_waiting *s) {
    if (s->count == 0) return;
    s->columns[s->count] = (struct tfc_columns){0, 0};
    tfc_pass_columns(s, s->f->whole, s->columns);
    s->count = 0;
}

TFC_INLINE int8_t *tfc_behind_sums(const struct tfc_waiting *s) {
    return (int8_t *)(s->sums + 4 * ((s->out + 3) & ~3));
}

/* scratch: sums, then f->strips strips; for one token its pairs, one behind another. */
TFC_INLINE void tfc_linear_strips(const struct tfc_linear *f, const int8_t *x, const void *w, const void *r, void *scratch,
                                  void *y) {
    struct tfc_waiting s = {.f = &f->result, .out = f->out, .w = w, .r = r, .sums = scratch, .y = y};
    int32_t each = TFC_PITCH / 4, fours = f->strips * each, token_bytes = f->in * f->x_bytes, strip_words = tfc_quads(f->in) * TFC_QUAD_WORDS;
    uint32_t *strips = (uint32_t *)(void *)tfc_behind_sums(&s);
    if (f->tokens == 1) {
        strips = (uint32_t *)(s.sums + ((s.out + 3) & ~3));
        tfc_widen_token(strips, f->x_bytes, x, f->in);
        tfc_add_columns(&s, strips, 0, 1);
        return;
    }
    for (int32_t token = 0, four = 0; token < f->tokens; token += 4, x += 4 * token_bytes) {
        const int8_t *columns[4];
        int32_t left = f->tokens - token;
        for (int32_t p = 0; p < 4; p++) columns[p] = x + (p < left ? p : left - 1) * token_bytes;
        uint32_t *strip = strips + four / each * strip_words + four % each * 4;
        tfc_widen_columns(strip, 4, f->x_bytes, columns, f->in);
        tfc_add_columns(&s, strip, token * f->out, left);
        if (++four == fours) tfc_finish_columns(&s), four = 0;
    }
    tfc_finish_columns(&s);
}

/* scratch: sums, four windows of whole quads, then the strip of four columns that they become. */
TFC_APART void tfc_conv2d_gathered(struct tfc_waiting *s, const struct tfc_conv2d *f, const int8_t *x) {
    int32_t inputs = f->kernel_h * f->kernel_w * f->c, quads = tfc_quads(inputs), pixels = f->out_h * f->out_w;
    int8_t *gathered = tfc_behind_sums(s);
    uint32_t *strip = (uint32_t *)(void *)(gathered + 16 * quads);
    const int8_t *columns[4];
    for (int32_t p = 0; p < 4; p++) columns[p] = gathered + 4 * quads * p;
    for (int32_t i = 0; i < 16 * quads; i++) gathered[i] = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += 4) {
        for (int32_t p = 0; p < 4 && pixel + p < pixels; p++) tfc_gather_window(gathered + 4 * quads * p, f, x, tfc_window_of(f, pixel + p));
        tfc_widen_columns(strip, 4, 1, columns, 4 * quads);
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
                for (int32_t column = 0; column < results; column += 4) {
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
