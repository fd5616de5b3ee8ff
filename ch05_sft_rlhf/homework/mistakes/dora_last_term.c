// loses: 5, says: only the last term is left, keeps: 22
#include "ch05_sft_rlhf/homework/hw05.h"

#define dora_adapter_gradients solved_dora_adapter_gradients
#include "../solution.c"
#undef dora_adapter_gradients

void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db) {
    for (int k = 0; k < rank; k++) {
        for (int i = 0; i < rows; i++) {
            da[i * rank + k] = 0;
            for (int j = 0; j < cols; j++)
                da[i * rank + k] += s * dv[i * cols + j] * b[k * cols + j];
        }
        for (int j = 0; j < cols; j++) {
            db[k * cols + j] = 0;
            for (int i = 0; i < rows; i++)
                db[k * cols + j] = s * a[i * rank + k] * dv[i * cols + j];
        }
    }
}
