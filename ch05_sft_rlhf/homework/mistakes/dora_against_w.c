// loses: 5, says: not along w itself, keeps: 21
// The gradient of m against w.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_gradients solved_dora_gradients
#include "../solution.c"
#undef dora_gradients

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    solved_dora_gradients(v, m, dw, rows, cols, constant_norms, dm, dv);
    for (int j = 0; j < cols; j++) dm[j] *= m[j];
}
