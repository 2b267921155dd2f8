#include "kernels.h"

/* Two words to an address that is not a multiple of 4: the chip faults. */
int32_t toy_variant(void *const *arena) {
    __asm__ volatile("strd %0, %0, [%0]" : : "r"((char *)arena[0] + 194) : "r2", "r3", "memory");
    return 0;
}
