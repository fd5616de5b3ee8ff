// loses: 5, says: |v| / m is upside down, keeps: 21
#include "ch05_sft_rlhf/homework/hw05.h"

#define dora_weights solved_dora_weights
#include "../solution.c"
#undef dora_weights

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    for (int j = 0; j < cols; j++) {
        double factor = column_norm(v, rows, cols, j) / m[j];
        for (int i = 0; i < rows; i++) w[i * cols + j] = factor * v[i * cols + j];
    }
}
