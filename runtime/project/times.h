/* The cycles of each node on a board, by the core's own counter; built in where TFC_TIMES is defined. */
#ifndef TFC_TIMES_H
#define TFC_TIMES_H

void tfc_times_begin(void);
void tfc_times_print(void);

#endif
