/* A hand-written stand-in for a compiled model: y = clamp(3·x − x[i − 1]), with x[−1] = 0, then the sum of all y, over 64 bytes. */
#ifndef TOY_MODEL_H
#define TOY_MODEL_H

#include <stdint.h>

#define TOY_POOLS 2
#define TOY_POOL0_BYTES 256
#define TOY_POOL1_BYTES 128
#define TOY_X_OFFSET 0     /* pool 0 */
#define TOY_Y_OFFSET 64    /* pool 0 */
#define TOY_SUM_OFFSET 32  /* pool 1 */
#define TOY_X_BYTES 64
#define TOY_Y_BYTES 64
#define TOY_SUM_BYTES 4

int toy_run(void *const arena[TOY_POOLS]);

#endif
