// loses: 5, says: it needs a loop of its own, keeps: 18
// One loop for the sum and for what needs it.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_gradients solved_dora_gradients
#include "../solution.c"
#undef dora_gradients

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    solved_dora_gradients(v, m, dw, rows, cols, constant_norms, dm, dv);
    for (int j = 0; j < cols && !constant_norms; j++) {
        double norm = column_norm(v, rows, cols, j), along = 0;
        for (int i = 0; i < rows; i++) {
            int at = i * cols + j;
            along += dw[at] * v[at] / norm;
            dv[at] = m[j] / norm * (dw[at] - along * v[at] / norm);
        }
    }
}
