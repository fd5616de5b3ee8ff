// loses: 5, says: the factor s is missing, keeps: 19
// An adapter of scale 1.
#include "ch05_sft_rlhf/homework/hw05.h"
#define dora_adapter_gradients solved_dora_adapter_gradients
#include "../solution.c"
#undef dora_adapter_gradients

void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db) {
    (void)s;
    solved_dora_adapter_gradients(dv, a, b, rows, cols, rank, 1, da, db);
}
