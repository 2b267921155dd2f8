#include "kernels.h"

int32_t toy_variant(void *const *arena) {
    (void)arena;
    return (int32_t) * (volatile uint32_t *)0x20050000;
}
