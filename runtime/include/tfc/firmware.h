/* What a compiled model's firmware offers to the start-up code, the self-test and the emulator.
 * The compiler writes one `project/firmware.c` that defines `tfc_firmware`; nothing else in project/ is generated
 * but memory.ld. */
#ifndef TFC_FIRMWARE_H
#define TFC_FIRMWARE_H

#include <stdint.h>

/* Put before a pool's array: the linker script places pool `index` at the start of its memory. */
#define TFC_POOL(index) __attribute__((section(".bss.pool" #index), aligned(32)))

/* Where an input or output lies in the arena. */
struct tfc_tensor {
    uint32_t pool, offset, bytes;
};

struct tfc_firmware {
    int (*run)(void *const *arena); /* reads and writes its tensors in the arena; 0 is success */
    void *const *arena;             /* one pointer a pool; may be 0 where pool_bytes is */
    const uint32_t *pool_bytes;
    uint32_t pools;
    const struct tfc_tensor *inputs;
    uint32_t input_count;
    const struct tfc_tensor *outputs;
    uint32_t output_count;
    const uint8_t *golden_inputs, *golden_outputs; /* all tensors, one after the other without gaps */
};

extern const struct tfc_firmware tfc_firmware;

#endif
