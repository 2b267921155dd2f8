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

static void load_line(struct state *state, uint32_t line, uint32_t region, int access) {
    if (access_cache(&state->loads, line) && access != WRITE) { /* the store buffer hides what a write waits for */
        const struct region *in = &state->regions[region];
        state->block->events[FIXED_EVENTS - 1 + state->region_count + region]++;
        in->fills[line - (in->base >> state->loads.line_bits)]++;
    }
}

/* At every access to memory: is it unaligned, and is its line in the cache? Tightly coupled memories are of no region. */
void access_memory(void *uc, int access, uint64_t address, int size, int64_t value, struct state *state) {
    (void)uc;
    (void)value;
    const uint32_t start = (uint32_t)address, end = start + (uint32_t)size - 1;
    if (start & (uint32_t)(size - 1) & 3 && access != WRITE) {
        state->block->events[UNALIGNED_LOADS]++;
    }
    const uint32_t region = state->load_region[start >> PAGE_BITS];
    if (region) {
        const uint32_t line = start >> state->loads.line_bits, last = end >> state->loads.line_bits;
        load_line(state, line, region, access);
        if (last != line && state->load_region[end >> PAGE_BITS] == region) {
            load_line(state, last, region, access);
        }
    }
}
