#include "kernels.h"

/* One byte behind the end of pool 1. */
int32_t toy_variant(void *const *arena) {
    ((volatile uint8_t *)arena[1])[128] = 1;
    return 0;
}
