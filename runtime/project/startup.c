/* Cortex-M start-up: the vector table, and what must happen before main. No clock is set up: that is the application's. */
#include <stdint.h>

#include "semihosting.h"

extern uint32_t __stack_top[], __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);

enum { EXIT_FAULT = 100 }; /* plus the number of the exception */

/* System control block (Armv7-M reference manual, B3.2 and B4.8). */
#define SCB_CCR (*(volatile uint32_t *)0xE000ED14u)
#define SCB_CCSIDR (*(volatile uint32_t *)0xE000ED80u)
#define SCB_CSSELR (*(volatile uint32_t *)0xE000ED84u)
#define SCB_ICIALLU (*(volatile uint32_t *)0xE000EF50u)
#define SCB_DCISW (*(volatile uint32_t *)0xE000EF60u)
enum { CCR_DATA_CACHE = 1 << 16, CCR_INSTRUCTION_CACHE = 1 << 17 };

static void barrier(void) {
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* Both caches hold random lines after power-on: invalidate before use. */
static void enable_caches(void) {
    SCB_CSSELR = 0; /* level 1, data */
    barrier();
    const uint32_t size = SCB_CCSIDR;
    const uint32_t last_way = (size >> 3) & 0x3FFu, last_set = (size >> 13) & 0x7FFFu;
    const uint32_t way_shift = last_way ? (uint32_t)__builtin_clz(last_way) : 0;
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            SCB_DCISW = way << way_shift | set << 5;
        }
    }
    SCB_ICIALLU = 0;
    barrier();
    SCB_CCR |= CCR_DATA_CACHE | CCR_INSTRUCTION_CACHE;
    barrier();
}

__attribute__((noreturn)) void Reset_Handler(void) {
    const uint32_t *from = __data_load;
    for (uint32_t *to = __data_start; to < __data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = __bss_start; to < __bss_end; to++) {
        *to = 0;
    }
    enable_caches();
    semihosting_exit((uint32_t)main());
}

/* Every exception that nobody handles ends the program with its number. */
__attribute__((noreturn)) void Default_Handler(void) {
    uint32_t exception;
    __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
    semihosting_exit(EXIT_FAULT + exception);
}

#define HANDLER(name) __attribute__((weak, noreturn, alias("Default_Handler"))) void name(void)
HANDLER(NMI_Handler);
HANDLER(HardFault_Handler);
HANDLER(MemManage_Handler);
HANDLER(BusFault_Handler);
HANDLER(UsageFault_Handler);
HANDLER(SVC_Handler);
HANDLER(DebugMon_Handler);
HANDLER(PendSV_Handler);
HANDLER(SysTick_Handler);

/* The 16 vectors of the core; no interrupt of the chip is ever enabled here. */
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    [0] = __stack_top,
    [1] = (const void *)Reset_Handler,
    [2] = (const void *)NMI_Handler,
    [3] = (const void *)HardFault_Handler,
    [4] = (const void *)MemManage_Handler,
    [5] = (const void *)BusFault_Handler,
    [6] = (const void *)UsageFault_Handler,
    [11] = (const void *)SVC_Handler,
    [12] = (const void *)DebugMon_Handler,
    [14] = (const void *)PendSV_Handler,
    [15] = (const void *)SysTick_Handler,
};
