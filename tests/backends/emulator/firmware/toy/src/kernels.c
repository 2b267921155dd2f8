#include "kernels.h"

/* Shared, with a conditional block and a literal pool in one loop. */
void toy_filter(const int8_t *x, int8_t *y, int32_t bytes) {
    int32_t last = 0;
    for (int32_t i = 0; i < bytes; i++) {
        int32_t value = 3 * x[i] - last;
        __asm__("cmp %0, #127\n\tit gt\n\tmovgt %0, #127\n\tcmn %0, #128\n\titt lt\n\tmovlt %0, #127\n\tmvnlt %0, %0" : "+r"(value) : : "cc");
        y[i] = (int8_t)value;
        last = x[i];
    }
}

int32_t toy_sum(const int8_t *y, int32_t bytes) {
    int32_t sum = 0, literal;
    __asm__("ldr %0, 1f\n\tb 2f\n\t.balign 4\n1:\t.word 0x12345678\n2:" : "=r"(literal));
    for (int32_t i = 0; i < bytes; i++) {
        sum += y[i];
    }
    return sum + (literal - 0x12345678);
}

/* 16 bytes of stack a level, which it writes; always 0. */
__attribute__((noinline)) int32_t toy_deep(int32_t depth) {
    volatile int32_t frame[2];
    frame[0] = frame[1] = 0;
    return depth > 0 ? toy_deep(depth - 1) + frame[0] : frame[0];
}
