#include "kernels.h"

int32_t toy_variant(void *const *arena) {
    (void)arena;
    return 0;
}
