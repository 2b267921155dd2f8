/* A strip: the inputs of up to twelve neighbouring columns of a map, or of tokens, widened. A row of a strip holds two times twelve words for
 * each quad of channels. By quads these are the pairs (k0, k2) of int16, a word a column, then (k1, k3): what SXTB16 makes of a quad. By pairs
 * they are (k0, k1), then (k2, k3). By twos they are four times six words, one a channel, of which word j holds the columns j and j + 4.
 * Neighbouring results read neighbouring words, under whichever tap. With a horizontal stride of s the columns are dealt into s phases, each
 * a row of its own, so that this stays true. */
#ifndef TFC_STRIP_H
#define TFC_STRIP_H

#include "tfc/elements.h"
#include "tfc/kernels.h"
#include "tfc/window.h"

enum { TFC_PITCH = 12, TFC_QUAD_WORDS = 2 * TFC_PITCH, TFC_TWOS_PITCH = TFC_PITCH / 2 };

/* Bits of the first column in a word of two. */
enum { TFC_HALF = 23 };

#endif
