// loses: 5, says: the rows' norms, keeps: 21
// The norms of rows.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_weights solved_dora_weights
#include "../solution.c"
#undef dora_weights

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    for (int i = 0; i < rows; i++) {
        double squares = 0;
        for (int j = 0; j < cols; j++) squares += v[i * cols + j] * v[i * cols + j];
        for (int j = 0; j < cols; j++)
            w[i * cols + j] = m[j] * v[i * cols + j] / sqrt(squares);
    }
}
