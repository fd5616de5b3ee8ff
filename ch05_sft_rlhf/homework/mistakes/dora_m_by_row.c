// loses: 5, says: m[i] for m[j], keeps: 21
// Lengths by row.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_weights solved_dora_weights
#include "../solution.c"
#undef dora_weights

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            double norm = column_norm(v, rows, cols, j);
            w[i * cols + j] = m[i % cols] * v[i * cols + j] / norm;
        }
}
