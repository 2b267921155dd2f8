/* Runs a compiled model on this machine: inputs from standard input, outputs to standard output, all tensors without gaps.
 * Each pool is an allocation of exactly its size, so that the sanitizers see every byte too far. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tfc/firmware.h"

int main(void) {
    void *arena[4096] = {0};
    for (uint32_t i = 0; i < tfc_firmware.pools; i++) {
        arena[i] = malloc(tfc_firmware.pool_bytes[i]);
        memset(arena[i], 0xa5, tfc_firmware.pool_bytes[i]);
    }
    for (uint32_t i = 0; i < tfc_firmware.input_count; i++) {
        const struct tfc_tensor *tensor = &tfc_firmware.inputs[i];
        if (fread((char *)arena[tensor->pool] + tensor->offset, 1, tensor->bytes, stdin) != tensor->bytes) return 2;
    }
    if (tfc_firmware.run(arena)) return 3;
    for (uint32_t i = 0; i < tfc_firmware.output_count; i++) {
        const struct tfc_tensor *tensor = &tfc_firmware.outputs[i];
        fwrite((char *)arena[tensor->pool] + tensor->offset, 1, tensor->bytes, stdout);
    }
    for (uint32_t i = 0; i < tfc_firmware.pools; i++) free(arena[i]);
    return 0;
}
