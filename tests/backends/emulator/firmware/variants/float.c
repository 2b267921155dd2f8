#include "kernels.h"

/* As hand-written assembly might: the compiler's own flags allow none. */
int32_t toy_variant(void *const *arena) {
    (void)arena;
    __asm__ volatile(".inst.w 0xee300a20"); /* vadd.f32 s0, s0, s1 */
    return 0;
}
