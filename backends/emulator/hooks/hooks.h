/* What the native hooks share. The structures are mirrored in structures.py, which also makes the arrays they point to. */
#ifndef TFC_HOOKS_H
#define TFC_HOOKS_H

#include <stdint.h>

enum { REGISTER_PC = 11, REGISTER_SP = 12, WRITE = 17 }; /* UC_ARM_REG_PC, UC_ARM_REG_SP, UC_MEM_WRITE */
enum { PAGE_BITS = 12 };
enum event { CALLS, MISPREDICTS, BTAC_MISSES, UNALIGNED_LOADS, FIXED_EVENTS }; /* then line fills: fetches, then loads, by region */

/* What an instruction does to the flow; 0 of all that are not branches. */
enum branch { BRANCH = 1, CONDITIONAL = 2, DIRECT = 4, CALL = 8, RETURN = 16 };
enum outcome { PREDICTED, FOUND_LATE, MISPREDICTED };

/* Code that ran from `address` on for an owner, `count` times. */
struct block {
    uint32_t address, size, owner, next; /* `next`: another block that begins here */
    uint32_t instructions, function;
    uint32_t last, target; /* its last instruction, and where that goes if it says so */
    uint32_t first_line, last_line;
    uint8_t branch, moves_stack, enters, region;
    uint64_t count, taken, *events; /* `taken`: how often it did not go on behind itself */
};

/* What an instruction reads or writes: `words` times `size` bytes at `offset` and what the registers hold (0: none). */
struct access {
    int32_t offset;
    uint8_t base, index, shift, size, words, writes;
};

struct btac_entry {
    uint32_t branch, target;
};

struct branches {
    struct btac_entry *btac;
    uint8_t *counters; /* 0 and 1 say not taken, 2 and 3 taken */
    uint32_t *returns;
    uint32_t btac_mask, counter_mask; /* sizes are powers of two */
    uint32_t depth, pushed, filled;
};

struct cache {
    uint32_t *lines; /* set by set, NO_LINE where empty */
    uint32_t line_bits, set_mask, ways, random, last;
};

/* Cached memory: how often each of its lines was filled for a load. */
struct region {
    uint64_t base;
    uint32_t *fills;
};

/* A contiguous range of RAM that is watched byte by byte. */
struct watched {
    uint64_t base, bytes;
    uint8_t *touched;
    const uint8_t *allowed;
};

struct state {
    /* tables over pages of addresses: where their half-words stand in the tables below, and of which region's lines they are for
     * instructions and for data (0: of none) */
    const uint32_t *pages;
    const uint8_t *fetch_region, *load_region;
    /* tables over the half-words of the code, see instructions.py */
    const struct access *accesses;
    const uint32_t *counts, *stack_moves, *targets, *functions;
    const int32_t *stack, *owner;
    const uint8_t *aligned, *branch_of, *entry;
    /* blocks; the first is none */
    uint32_t *heads;
    struct block *blocks;
    uint64_t *events;
    uint64_t block_count, block_limit, event_count;
    /* the run */
    struct block *block; /* that runs */
    uint64_t current;    /* its owner */
    int64_t budget;      /* instructions that may still run */
    uint64_t stack_low;
    struct branches branches;
    struct cache fetches, loads;
    const struct block *fetched; /* last, from the cache alone: until another is fetched it stays there */
    struct region *regions;
    uint64_t region_count;
    /* writes */
    struct watched *watched;
    uint64_t watched_count;
    uint64_t stray, misaligned, culprit; /* the first address that must not be written, or not unaligned, and who did */
    /* unicorn's own functions */
    int (*stop)(void *uc);
    int (*read_register)(void *uc, int id, void *value);
};

static inline uint64_t half_of(const struct state *state, uint32_t address) {
    return state->pages[address >> PAGE_BITS] + (address >> 1 & ((1U << PAGE_BITS >> 1) - 1));
}

enum outcome resolve_branch(struct branches *unit, uint32_t kind, uint32_t at, uint32_t target, uint32_t behind, uint32_t next);
int access_cache(struct cache *cache, uint32_t line);

#endif
