#include "print.h"

#include "semihosting.h"

void print_text(const char *text) {
    semihosting_print(text);
}

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
    print_text(at);
}

void print_with_number(const char *text, int32_t value) {
    print_text(text);
    print_number(value);
}
