// loses: 5, says: added to what the array held before, keeps: 19
// Gradients that nobody has set to 0.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_adapter_gradients solved_dora_adapter_gradients
#include "../solution.c"
#undef dora_adapter_gradients

void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db) {
    for (int k = 0; k < rank; k++)
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < cols; j++) {
                da[i * rank + k] += s * dv[i * cols + j] * b[k * cols + j];
                db[k * cols + j] += s * a[i * rank + k] * dv[i * cols + j];
            }
}
