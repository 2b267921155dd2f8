/* Texts and numbers through semihosting. */
#ifndef TFC_PRINT_H
#define TFC_PRINT_H

#include <stdint.h>

void print_text(const char *text);
void print_with_number(const char *text, int32_t value);

#endif
