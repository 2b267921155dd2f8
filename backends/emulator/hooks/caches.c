/* Caches that replace pseudo-randomly, from a seed; which lines they hold is all that is modelled of them. */
#include "hooks.h"

enum { NO_LINE = -1 };

static uint32_t xorshift(uint32_t x) {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}

/* Whether the line had to be filled; empty ways are filled first. */
int access_cache(struct cache *cache, uint32_t line) {
    if (line == cache->last) {
        return 0;
    }
    cache->last = line;
    uint32_t *set = cache->lines + (line & cache->set_mask) * cache->ways;
    uint32_t victim = cache->ways;
    for (uint32_t way = cache->ways; way-- > 0;) {
        if (set[way] == line) {
            return 0;
        }
        if (set[way] == (uint32_t)NO_LINE) {
            victim = way;
        }
    }
    if (victim == cache->ways) {
        cache->random = xorshift(cache->random);
        victim = cache->random % cache->ways;
    }
    set[victim] = line;
    return 1;
}

static void touch_line(struct state *state, uint32_t line, uint32_t region, int writes) {
    if (access_cache(&state->loads, line) && !writes) { /* the store buffer hides what a write waits for */
        const struct region *in = &state->regions[region];
        state->block->events[FIXED_EVENTS - 1 + state->region_count + region]++;
        in->fills[line - (in->base >> state->loads.line_bits)]++;
    }
}

static uint32_t value_of(void *uc, const struct state *state, uint8_t id) {
    uint32_t value = 0;
    if (id) {
        state->read_register(uc, id, &value);
    }
    return value;
}

/* Before every instruction: is what it loads unaligned, and which lines must come? Tightly coupled memories are of no region. */
void follow_access(void *uc, uint64_t address, uint32_t size, struct state *state) {
    (void)size;
    const struct access *access = &state->accesses[half_of(state, (uint32_t)address)];
    if (!access->size) {
        return;
    }
    const uint32_t start = (uint32_t)access->offset + value_of(uc, state, access->base) + (value_of(uc, state, access->index) << access->shift);
    const uint32_t end = start + (uint32_t)access->size * access->words - 1;
    if (access->words > 1 && start & 3 && !state->misaligned) { /* the core faults, the emulator does not */
        state->misaligned = start;
        state->culprit = (uint32_t)address;
        state->stop(uc);
    }
    state->block->events[UNALIGNED_LOADS] += !access->writes && start & (access->size - 1U);
    const uint32_t region = state->load_region[start >> PAGE_BITS];
    if (region && state->load_region[end >> PAGE_BITS] == region) {
        for (uint32_t line = start >> state->loads.line_bits; line <= end >> state->loads.line_bits; line++) {
            touch_line(state, line, region, access->writes);
        }
    }
}
