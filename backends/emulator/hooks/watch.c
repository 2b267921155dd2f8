/* At every access to memory, when asked for: which bytes are written, and is what moves several words aligned? */
#include "hooks.h"

/* While memory is watched, unicorn keeps the program counter at the instruction that accesses it. */
static uint32_t instruction_address(void *uc, const struct state *state) {
    uint32_t pc = 0;
    state->read_register(uc, REGISTER_PC, &pc);
    return pc;
}

static void watch_write(void *uc, uint64_t address, struct state *state) {
    for (struct watched *range = state->watched; range < state->watched + state->watched_count; range++) {
        const uint64_t offset = address - range->base;
        if (offset < range->bytes) {
            range->touched[offset] = 1;
            if (range->allowed[offset]) {
                return;
            }
        }
    }
    if (!state->stray) {
        state->stray = address;
        state->culprit = instruction_address(uc, state);
        state->stop(uc);
    }
}

/* The core faults where LDM, STM, LDRD, STRD, PUSH and POP are not aligned to words; the emulator does not. */
static void check_alignment(void *uc, uint64_t address, struct state *state) {
    const uint32_t pc = instruction_address(uc, state);
    if (state->aligned[half_of(state, pc)] && !state->misaligned) {
        state->misaligned = address;
        state->culprit = pc;
        state->stop(uc);
    }
}

void watch_access(void *uc, int access, uint64_t address, int size, int64_t value, struct state *state) {
    (void)value;
    if (size == 4 && address & 3) {
        check_alignment(uc, address, state);
    }
    for (int i = 0; access == WRITE && i < size; i++) {
        watch_write(uc, address + (uint64_t)i, state);
    }
}
