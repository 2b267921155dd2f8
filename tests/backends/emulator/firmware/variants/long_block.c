#include "kernels.h"

/* 3,000 instructions without a branch: longer than what the emulator translates at once, and over several pages. */
int32_t toy_variant(void *const *arena) {
    int32_t sum = 0;
    (void)arena;
    __asm__(".rept 1000\n\tadds %0, #1\n\tadd.w %0, %0, #2\n\tsubs %0, #3\n\t.endr" : "+r"(sum) : : "cc");
    return sum;
}
