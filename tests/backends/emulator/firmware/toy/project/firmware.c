#include "tfc/firmware.h"

#include "golden.h"
#include "model.h"

TFC_POOL(0) static uint8_t pool0[TOY_POOL0_BYTES];
TFC_POOL(1) static uint8_t pool1[TOY_POOL1_BYTES];

static void *const arena[TOY_POOLS] = {pool0, pool1};
static const uint32_t pool_bytes[TOY_POOLS] = {TOY_POOL0_BYTES, TOY_POOL1_BYTES};
static const struct tfc_tensor inputs[1] = {{0, TOY_X_OFFSET, TOY_X_BYTES}};
static const struct tfc_tensor outputs[2] = {{0, TOY_Y_OFFSET, TOY_Y_BYTES}, {1, TOY_SUM_OFFSET, TOY_SUM_BYTES}};
static const uint8_t golden_inputs[] = {GOLDEN_INPUTS};
static const uint8_t golden_outputs[] = {GOLDEN_OUTPUTS};

const struct tfc_firmware tfc_firmware = {
    .run = toy_run,
    .arena = arena,
    .pool_bytes = pool_bytes,
    .pools = TOY_POOLS,
    .inputs = inputs,
    .input_count = 1,
    .outputs = outputs,
    .output_count = 2,
    .golden_inputs = golden_inputs,
    .golden_outputs = golden_outputs,
};
