#include "kernels.h"

#include "semihosting.h"

int32_t toy_variant(void *const *arena) {
    (void)arena;
    semihosting_exit(3);
}
