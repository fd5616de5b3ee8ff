// loses: 5, says: all columns have length 1, keeps: 21
// Directions alone.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_weights solved_dora_weights
#include "../solution.c"
#undef dora_weights

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    (void)m;
    for (int j = 0; j < cols; j++)
        for (int i = 0; i < rows; i++)
            w[i * cols + j] = v[i * cols + j] / column_norm(v, rows, cols, j);
}
