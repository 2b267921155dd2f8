#include "kernels.h"

/* One word may lie anywhere. */
int32_t toy_variant(void *const *arena) {
    __asm__ volatile("ldr r2, [%0]\n\tstr r2, [%0]" : : "r"((char *)arena[0] + 194) : "r2", "r3", "memory");
    return 0;
}
