#include "kernels.h"

/* Jumps into the middle of a block that ran before from its start. */
int32_t toy_variant(void *const *arena) {
    int32_t turns = 10, sum = 0;
    (void)arena;
    __asm__("1:\n\tadds %0, #2\n2:\n\tadds %0, #1\n\tsubs %1, #1\n\tbeq 3f\n\tlsls r3, %1, #31\n\tbne 2b\n\tb 1b\n3:"
            : "+l"(sum), "+l"(turns)
            :
            : "cc", "r3");
    return sum - 20;
}
