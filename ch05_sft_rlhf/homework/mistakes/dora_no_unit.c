// loses: 5, says: one division by |v| is missing, keeps: 18
// The part along v, taken with v itself.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_gradients solved_dora_gradients
#include "../solution.c"
#undef dora_gradients

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    solved_dora_gradients(v, m, dw, rows, cols, true, dm, dv);
    for (int j = 0; j < cols && !constant_norms; j++)
        for (int i = 0; i < rows; i++)
            dv[i * cols + j] -=
                m[j] / column_norm(v, rows, cols, j) * dm[j] * v[i * cols + j];
}
