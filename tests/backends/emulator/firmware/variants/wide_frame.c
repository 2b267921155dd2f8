#include "kernels.h"

/* A frame larger than the stack, of which only the top is written. */
int32_t toy_variant(void *const *arena) {
    int32_t frame[200];
    (void)arena;
    __asm__ volatile("str %1, [%0, #796]" : : "r"(frame), "r"(0) : "memory");
    return 0;
}
