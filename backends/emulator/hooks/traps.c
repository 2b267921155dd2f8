/* What a Cortex-M7 faults on and the emulator lets pass. Each check stops the program and leaves its reason in `kind`. */
#include "hooks.h"

enum kind { NONE, NOWHERE, STACK, NO_FPU, FPU_OFF, NO_DOUBLE, ENDLESS, DIVIDE }; /* FOUND of traps.py */
enum fact { CODE = 1, FLOAT = 2, DOUBLE = 4 };
enum { DIVIDE_TRAP = 1 << 4, FPU_ENABLED = 0xF << 20 };

/* Mirrored in traps.py. */
struct traps {
    const struct state *state;
    const uint32_t *control; /* the system control space: CCR and CPACR stand in it */
    const uint8_t *facts;    /* over the half-words of the code */
    uint64_t any_floats, has_floats, has_doubles; /* in the program, and in the chip's FPU */
    uint64_t stack_limit;
    uint64_t left, before;           /* the blocks that ran last */
    uint64_t kind, culprit, address; /* the first that was found */
};

struct divide {
    struct traps *traps;
    uint64_t divisor; /* unicorn's number of the register */
};

static void found(void *uc, struct traps *traps, enum kind kind, uint64_t culprit, uint64_t address) {
    if (!traps->kind) {
        traps->kind = kind;
        traps->culprit = culprit;
        traps->address = address;
        traps->state->stop(uc);
    }
}

static uint32_t control(const struct traps *traps, uint32_t address) {
    return traps->control[(address & 0xFFF) / 4];
}

static void check_floats(void *uc, uint64_t address, uint32_t size, struct traps *traps) {
    const uint64_t first = half_of(traps->state, (uint32_t)address);
    const int enabled = traps->has_floats && (control(traps, 0xE000ED88) & FPU_ENABLED) == FPU_ENABLED;
    for (uint64_t half = first; half < first + size / 2; half++) {
        if (traps->facts[half] & FLOAT && !enabled) {
            found(uc, traps, traps->has_floats ? FPU_OFF : NO_FPU, address + (half - first) * 2, 0);
        } else if (traps->facts[half] & DOUBLE && !traps->has_doubles) {
            found(uc, traps, NO_DOUBLE, address + (half - first) * 2, 0);
        }
    }
}

/* At every block, behind count_block. */
void check_block(void *uc, uint64_t address, uint32_t size, struct traps *traps) {
    const struct state *state = traps->state;
    const struct block *block = state->block;
    if (!(traps->facts[half_of(state, (uint32_t)address)] & CODE)) {
        found(uc, traps, NOWHERE, traps->left, address);
    }
    traps->before = traps->left;
    traps->left = address;
    if (state->stack_low < traps->stack_limit) {
        found(uc, traps, STACK, address, state->stack_low);
    }
    if (traps->any_floats) {
        check_floats(uc, address, size, traps);
    }
    if (block->last == address && block->target == address && block->branch == (BRANCH | DIRECT)) {
        found(uc, traps, ENDLESS, address, 0); /* `b .`: no interrupt will end it */
    }
}

/* At a division. */
void check_divide(void *uc, uint64_t address, uint32_t size, struct divide *divide) {
    (void)size;
    uint32_t divisor = 0;
    if (control(divide->traps, 0xE000ED14) & DIVIDE_TRAP) {
        divide->traps->state->read_register(uc, (int)divide->divisor, &divisor);
        if (!divisor) {
            found(uc, divide->traps, DIVIDE, address, 0);
        }
    }
}
