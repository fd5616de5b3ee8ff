// loses: 5, says: the column's gradients were added up, keeps: 21
#include "ch05_sft_rlhf/homework/hw05.h"

#define dora_gradients solved_dora_gradients
#include "../solution.c"
#undef dora_gradients

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    for (int j = 0; j < cols; j++) {
        double norm = column_norm(v, rows, cols, j), along = 0;
        for (int i = 0; i < rows; i++)
            along += dw[i * cols + j] * v[i * cols + j] / norm;
        dm[j] = 0;
        for (int i = 0; i < rows; i++) dm[j] += dw[i * cols + j];
        // what is along v changes its length alone, and w does not see that
        for (int i = 0; i < rows; i++)
            dv[i * cols + j] =
                m[j] / norm
                * (dw[i * cols + j] - !constant_norms * along * v[i * cols + j] / norm);
    }
}
