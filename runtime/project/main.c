/* Self-test: run the golden inputs, compare with the golden outputs, say PASS or FAIL through semihosting. */
#include "semihosting.h"
#include "tfc/firmware.h"

enum { EXIT_PASS = 0, EXIT_MISMATCH = 1, EXIT_RUN_FAILED = 2 };

static void print_number(int32_t value) {
    char text[12], *at = text + sizeof text;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    *--at = 0;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    semihosting_print(at);
}

static void print_with_number(const char *text, int32_t value) {
    semihosting_print(text);
    print_number(value);
}

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
                semihosting_print("\n");
                return EXIT_MISMATCH;
            }
        }
    }
    return EXIT_PASS;
}

int main(void) {
    write_inputs();
    const int failure = tfc_firmware.run(tfc_firmware.arena);
    if (failure) {
        print_with_number("FAIL: run returned ", failure);
        semihosting_print("\n");
        return EXIT_RUN_FAILED;
    }
    const int result = compare_outputs();
    if (result == EXIT_PASS) {
        semihosting_print("PASS\n");
    }
    return result;
}
