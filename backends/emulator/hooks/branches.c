/* The branch unit: a direct-mapped table of branches that were taken, two-bit counters, and a stack of return addresses. */
#include "hooks.h"

enum { STRONGLY_TAKEN = 3, LIKELY = 2 };

static void push(struct branches *unit, uint32_t address) {
    unit->returns[unit->pushed++ % unit->depth] = address;
    unit->filled += unit->filled < unit->depth;
}

/* 0, where no code is, when nothing is left. */
static uint32_t pop(struct branches *unit) {
    if (!unit->filled) {
        return 0;
    }
    unit->filled--;
    return unit->returns[--unit->pushed % unit->depth];
}

static void train(uint8_t *counter, int taken) {
    if (taken) {
        *counter += *counter < STRONGLY_TAKEN;
    } else {
        *counter -= *counter > 0;
    }
}

/* A branch at `at`, that says `target` if it is direct, went on at `next`; `behind` it the code goes on where it is not taken.
 * A branch that the table does not know is taken if it goes back, and found late, at its decoding. */
enum outcome resolve_branch(struct branches *unit, uint32_t kind, uint32_t at, uint32_t target, uint32_t behind, uint32_t next) {
    struct btac_entry *entry = &unit->btac[at / 2 & unit->btac_mask];
    uint8_t *counter = &unit->counters[at / 2 & unit->counter_mask];
    const int known = entry->branch == at, taken = !(kind & CONDITIONAL) || next != behind;
    int guess = 1;
    if (kind & CONDITIONAL) {
        guess = known ? *counter >= LIKELY : kind & DIRECT && target <= at;
        train(counter, taken);
    }
    if (!taken) {
        return guess ? MISPREDICTED : PREDICTED;
    }
    const uint32_t goal = kind & RETURN ? pop(unit) : kind & DIRECT ? next : known ? entry->target : 0;
    if (kind & CALL) {
        push(unit, behind);
    }
    *entry = (struct btac_entry){at, next};
    if (!guess || goal != next) {
        return MISPREDICTED;
    }
    return known ? PREDICTED : FOUND_LATE;
}
