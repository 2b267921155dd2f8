/* What runs on the host at every emulated block and, when asked for, at every emulated write. */
#include <stdint.h>

enum { REGISTER_SP = 12 }; /* UC_ARM_REG_SP */

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
    /* who is counted */
    uint64_t *counters;
    uint64_t current;
    int64_t budget; /* instructions that may still run */
    uint64_t block; /* address of the block that runs */
    uint64_t stack_low;
    /* writes */
    struct watched *watched;
    uint64_t watched_count;
    uint64_t stray, stray_block; /* the first write that was not allowed, or 0 */
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

void watch_write(void *uc, int access, uint64_t address, int size, int64_t value, struct state *state) {
    (void)access, (void)value;
    for (int i = 0; i < size; i++) {
        int allowed = 0;
        for (struct watched *range = state->watched; range < state->watched + state->watched_count; range++) {
            const uint64_t offset = address + (uint64_t)i - range->base;
            if (offset < range->bytes) {
                range->touched[offset] = 1;
                allowed = range->allowed[offset];
            }
        }
        if (!allowed && !state->stray) {
            state->stray = address + (uint64_t)i;
            state->stray_block = state->block;
            state->stop(uc);
        }
    }
}
