#include "kernels.h"

int32_t toy_variant(void *const *arena) {
    (void)arena;
    *(volatile uint32_t *)0x08000010 = 1;
    return 0;
}
