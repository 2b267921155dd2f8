#ifndef TOY_KERNELS_H
#define TOY_KERNELS_H

#include <stdint.h>

void toy_filter(const int8_t *x, int8_t *y, int32_t bytes);
int32_t toy_sum(const int8_t *y, int32_t bytes);
int32_t toy_deep(int32_t depth);
int32_t toy_variant(void *const *arena); /* 0; other variants do something forbidden or strange */

#endif
