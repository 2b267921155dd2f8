#include "tfc/firmware.h"

#include "arithmetic.h"

enum { X = 3 * WORDS * 4, Y = ROWS * WORDS * 4 };

TFC_POOL(0) static uint8_t pool0[X];
TFC_POOL(1) static uint8_t pool1[Y + BUFFER];

static void *const arena[2] = {pool0, pool1};
static const uint32_t pool_bytes[2] = {sizeof pool0, sizeof pool1};
static const struct tfc_tensor inputs[1] = {{0, 0, X}};
static const struct tfc_tensor outputs[2] = {{1, 0, Y}, {1, Y, BUFFER}};
static const uint8_t golden[Y + BUFFER] = {0};

const struct tfc_firmware tfc_firmware = {
    .run = arithmetic_run,
    .arena = arena,
    .pool_bytes = pool_bytes,
    .pools = 2,
    .inputs = inputs,
    .input_count = 1,
    .outputs = outputs,
    .output_count = 2,
    .golden_inputs = golden,
    .golden_outputs = golden,
};
