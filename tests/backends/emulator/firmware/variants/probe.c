#include "kernels.h"

/* Reads `count` words, `step` bytes apart, from `start` on, `rounds` times: the first words of the input. */
int32_t toy_variant(void *const *arena) {
    const uint32_t *x = arena[0];
    const uint32_t start = x[0], step = x[1], count = x[2];
    for (uint32_t rounds = x[3]; rounds > 0; rounds--) {
        uint32_t at = start, left = count;
        __asm__ volatile("1:\n\tldr r3, [%0]\n\tadd %0, %0, %2\n\tsubs %1, #1\n\tbne 1b" : "+r"(at), "+l"(left) : "r"(step) : "cc", "r3");
    }
    return 0;
}
