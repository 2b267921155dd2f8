#include "kernels.h"

/* State that outlives the call: inference must be re-entrant over its arena. */
int32_t toy_variant(void *const *arena) {
    static volatile int32_t calls = 5;
    (void)arena;
    calls++;
    return 0;
}
