/* The three calls to the debugger or emulator that the self-test needs (Arm: Semihosting for AArch32 and AArch64). */
#ifndef TFC_SEMIHOSTING_H
#define TFC_SEMIHOSTING_H

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

static inline void semihosting_call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

/* Print a text that ends with 0. */
static inline void semihosting_print(const char *text) {
    semihosting_call(SYS_WRITE0, text);
}

/* End the program; where nobody listens, stay here. */
__attribute__((noreturn)) static inline void semihosting_exit(uint32_t code) {
    const uint32_t reason[2] = {ADP_STOPPED_APPLICATION_EXIT, code};
    for (;;) {
        semihosting_call(SYS_EXIT_EXTENDED, reason);
    }
}

#endif
