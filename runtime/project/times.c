/* Cycles of each node on a board. The counter is that of the DWT (Armv7-M reference manual, C1.8); the Cortex-M7 wants it unlocked first. */
#ifdef TFC_TIMES
#include "times.h"

#include <stdint.h>

#include "print.h"

#define DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)
#define DWT_LAR (*(volatile uint32_t *)0xE0001FB0u)
enum { TRACE = 1 << 24, COUNT = 1, MOST = 512 };
static const uint32_t KEY = 0xC5ACCE55u;

static struct {
    uint32_t node, cycles;
} done[MOST];
static uint32_t count, last;

void tfc_done(uint32_t node);

void tfc_times_begin(void) {
    DEMCR |= TRACE;
    DWT_LAR = KEY;
    DWT_CYCCNT = 0;
    DWT_CTRL |= COUNT;
    count = 0;
    last = DWT_CYCCNT;
}

/* Called by the model behind each node; what this takes itself counts for none. */
void tfc_done(uint32_t node) {
    const uint32_t now = DWT_CYCCNT;
    if (count < MOST) {
        done[count].node = node;
        done[count++].cycles = now - last;
    }
    last = DWT_CYCCNT;
}

/* What `tfc bench --from-log` reads. */
void tfc_times_print(void) {
    for (uint32_t i = 0; i < count; i++) {
        print_with_number("tfc node ", (int32_t)done[i].node);
        print_with_number(" cycles ", (int32_t)done[i].cycles);
        print_text("\n");
    }
}
#else
typedef int tfc_times_are_not_built_in; /* a unit must not be empty */
#endif
