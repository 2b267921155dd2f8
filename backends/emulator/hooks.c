/* What runs on the host at every emulated block and, when asked for, at every emulated access to memory. */
#include <stdint.h>

enum { REGISTER_PC = 11, REGISTER_SP = 12, WRITE = 17 }; /* UC_ARM_REG_PC, UC_ARM_REG_SP, UC_MEM_WRITE */

/* A contiguous range of RAM that is watched byte by byte. */
struct watched {
    uint64_t base, bytes;
    uint8_t *touched;
    const uint8_t *allowed;
};

/* Mirrored by `State` in native.py. */
struct state {
    /* tables over the half-words of the code, see instructions.py */
    uint64_t base, halves;
    const uint32_t *counts, *stack_moves;
    const int32_t *stack, *owner;
    const uint8_t *aligned;
    /* who is counted */
    uint64_t *counters;
    uint64_t current;
    int64_t budget; /* instructions that may still run */
    uint64_t block; /* address of the block that runs */
    uint64_t stack_low;
    /* writes */
    struct watched *watched;
    uint64_t watched_count;
    uint64_t stray, misaligned, culprit; /* the first address that must not be written, or not unaligned, and who did */
    /* unicorn's own functions */
    int (*stop)(void *uc);
    int (*read_register)(void *uc, int id, void *value);
};

static void follow_stack(void *uc, struct state *state, uint64_t first, uint64_t last) {
    uint32_t sp = 0;
    state->read_register(uc, REGISTER_SP, &sp);
    for (uint64_t half = first; half < last; half++) {
        sp -= (uint32_t)state->stack[half];
        if (sp < state->stack_low) {
            state->stack_low = sp;
        }
    }
}

/* A block that begins in a node or in the schedule is from then on counted there; shared code goes to whoever called it. */
void count_block(void *uc, uint64_t address, uint32_t size, struct state *state) {
    const uint64_t first = (address - state->base) / 2, last = first + size / 2;
    state->block = address;
    if (last > state->halves) {
        return;
    }
    if (state->owner[first] >= 0) {
        state->current = (uint64_t)state->owner[first];
    }
    const uint32_t instructions = state->counts[last] - state->counts[first];
    state->counters[state->current] += instructions;
    if (state->stack_moves[last] != state->stack_moves[first]) {
        follow_stack(uc, state, first, last);
    }
    state->budget -= instructions;
    if (state->budget < 0) {
        state->stop(uc);
    }
}

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
    const uint64_t pc = instruction_address(uc, state), half = (pc - state->base) / 2;
    if (half < state->halves && state->aligned[half] && !state->misaligned) {
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
