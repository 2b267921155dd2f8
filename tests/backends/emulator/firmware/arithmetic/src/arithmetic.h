/* Each row of y is one operation on the words a, b, c of the input. */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include <stdint.h>

enum { WORDS = 64, ROWS = 18, BUFFER = 512 };

int arithmetic_run(void *const *arena);

#endif
