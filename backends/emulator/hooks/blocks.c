/* At every block: count it, follow the branch that led to it, and fetch it. */
#include "hooks.h"

static void describe_block(const struct state *state, struct block *block, uint64_t first) {
    const uint64_t behind = first + block->size / 2;
    uint64_t last = behind - 1;
    while (last > first && state->counts[last + 1] == state->counts[last]) {
        last--;
    }
    const uint32_t instructions = state->counts[behind] - state->counts[first];
    block->instructions = instructions ? instructions : block->size / 2; /* of code that the image does not know */
    block->function = state->functions[first];
    block->last = block->address + (uint32_t)(last - first) * 2;
    block->target = state->targets[last];
    block->branch = state->branch_of[last];
    block->moves_stack = state->stack_moves[behind] != state->stack_moves[first];
    block->enters = state->entry[first];
    block->region = state->fetch_region[block->address >> PAGE_BITS];
    block->first_line = block->address >> state->fetches.line_bits;
    block->last_line = (block->address + block->size - 1) >> state->fetches.line_bits;
}

/* Another block at this address, found or made; it moves to the front of its list, because it will likely run again. */
static struct block *other_block(void *uc, struct state *state, uint64_t first, uint32_t address, uint32_t size, uint32_t owner) {
    uint32_t *head = &state->heads[first];
    for (uint32_t *link = head; *link; link = &state->blocks[*link].next) {
        const uint32_t index = *link;
        struct block *block = &state->blocks[index];
        if (block->address == address && block->size == size && block->owner == owner) {
            *link = block->next;
            block->next = *head;
            *head = index;
            return block;
        }
    }
    if (state->block_count == state->block_limit) {
        state->stop(uc);
        return state->blocks;
    }
    const uint32_t index = (uint32_t)state->block_count++;
    struct block *block = &state->blocks[index];
    block->address = address;
    block->size = size;
    block->owner = owner;
    block->next = *head;
    block->events = state->events + index * state->event_count;
    describe_block(state, block, first);
    *head = index;
    return block;
}

/* A block that begins in a node or in the schedule belongs to it from then on; shared code goes to whoever called it. */
static struct block *find_block(void *uc, struct state *state, uint32_t address, uint32_t size) {
    const uint64_t first = half_of(state, address);
    const int32_t fixed = state->owner[first];
    const uint32_t owner = fixed >= 0 ? (uint32_t)fixed : (uint32_t)state->current;
    struct block *block = &state->blocks[state->heads[first]];
    if (block->address == address && block->size == size && block->owner == owner) {
        return block;
    }
    return other_block(uc, state, first, address, size, owner);
}

static void follow_branch(struct state *state, struct block *from, const struct block *to) {
    static const uint8_t event[] = {[FOUND_LATE] = BTAC_MISSES, [MISPREDICTED] = MISPREDICTS};
    if (to->enters) {
        to->events[CALLS] += from->branch & CALL || from->function != to->function;
    }
    const uint32_t behind = from->address + from->size;
    from->taken += to->address != behind;
    if (from->branch) {
        const enum outcome outcome = resolve_branch(&state->branches, from->branch, from->last, from->target, behind, to->address);
        if (outcome != PREDICTED) {
            from->events[event[outcome]]++;
        }
    }
}

static void fetch(struct state *state, const struct block *block) {
    state->fetched = block;
    for (uint32_t line = block->first_line; line <= block->last_line; line++) {
        if (access_cache(&state->fetches, line)) {
            block->events[FIXED_EVENTS - 1 + block->region]++;
            state->fetched = 0;
        }
    }
}

static void follow_stack(void *uc, struct state *state, const struct block *block) {
    const uint64_t first = half_of(state, block->address);
    uint32_t sp = 0;
    state->read_register(uc, REGISTER_SP, &sp);
    for (uint64_t half = first; half < first + block->size / 2; half++) {
        sp -= (uint32_t)state->stack[half];
        if (sp < state->stack_low) {
            state->stack_low = sp;
        }
    }
}

void count_block(void *uc, uint64_t address, uint32_t size, struct state *state) {
    struct block *block = find_block(uc, state, (uint32_t)address, size);
    block->count++;
    follow_branch(state, state->block, block);
    if (block->region && block != state->fetched) {
        fetch(state, block);
    }
    if (block->moves_stack) {
        follow_stack(uc, state, block);
    }
    state->block = block;
    state->current = block->owner;
    state->budget -= block->instructions;
    if (state->budget < 0) {
        state->stop(uc);
    }
}
