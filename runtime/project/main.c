/* Self-test: run the golden inputs, compare with the golden outputs, say PASS or FAIL through semihosting. */
#include "print.h"
#include "tfc/firmware.h"
#ifdef TFC_TIMES
#include "times.h"
#endif

enum { EXIT_PASS = 0, EXIT_MISMATCH = 1, EXIT_RUN_FAILED = 2 };

static uint8_t *place(const struct tfc_tensor *tensor) {
    return (uint8_t *)tfc_firmware.arena[tensor->pool] + tensor->offset;
}

static void write_inputs(void) {
    const uint8_t *golden = tfc_firmware.golden_inputs;
    for (uint32_t i = 0; i < tfc_firmware.input_count; i++) {
        uint8_t *input = place(&tfc_firmware.inputs[i]);
        for (uint32_t k = 0; k < tfc_firmware.inputs[i].bytes; k++) {
            input[k] = *golden++;
        }
    }
}

/* Prints the first byte that differs, if any. */
static int compare_outputs(void) {
    const uint8_t *golden = tfc_firmware.golden_outputs;
    for (uint32_t i = 0; i < tfc_firmware.output_count; i++) {
        const uint8_t *output = place(&tfc_firmware.outputs[i]);
        for (uint32_t k = 0; k < tfc_firmware.outputs[i].bytes; k++, golden++) {
            if (output[k] != *golden) {
                print_with_number("FAIL: output ", (int32_t)i);
                print_with_number(", byte ", (int32_t)k);
                print_with_number(": is ", (int8_t)output[k]);
                print_with_number(", expected ", (int8_t)*golden);
                print_text("\n");
                return EXIT_MISMATCH;
            }
        }
    }
    return EXIT_PASS;
}

int main(void) {
    write_inputs();
#ifdef TFC_TIMES
    tfc_times_begin();
#endif
    const int failure = tfc_firmware.run(tfc_firmware.arena);
#ifdef TFC_TIMES
    tfc_times_print();
#endif
    if (failure) {
        print_with_number("FAIL: run returned ", failure);
        print_text("\n");
        return EXIT_RUN_FAILED;
    }
    const int result = compare_outputs();
    if (result == EXIT_PASS) {
        print_text("PASS\n");
    }
    return result;
}
