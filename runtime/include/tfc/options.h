/* How the kernels are compiled. What is written here suits speed; a compiler of models may write it anew. */
#ifndef TFC_OPTIONS_H
#define TFC_OPTIONS_H

#define TFC_SHORT_LOOPS 0 /* 1: loops of fewer, larger loads: less code and fewer instructions, but more cycles */

#endif
