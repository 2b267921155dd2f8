#include "kernels.h"

int32_t toy_variant(void *const *arena) {
    return ((int32_t (*)(void))((uintptr_t)arena[0] | 1))();
}
