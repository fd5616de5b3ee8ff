// loses: 5, says: element (i, j) of v is, keeps: 21
// Numbers that follow one another for a column.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_weights solved_dora_weights
#include "../solution.c"
#undef dora_weights

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    for (int j = 0; j < cols; j++) {
        double squares = 0;
        for (int i = 0; i < rows; i++) squares += v[j * rows + i] * v[j * rows + i];
        for (int i = 0; i < rows; i++)
            w[i * cols + j] = m[j] * v[i * cols + j] / sqrt(squares);
    }
}
