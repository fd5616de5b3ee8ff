// loses: 4, says: of different stretches are joined, keeps: 17
// Stretches and outputs are sorted, the L are not.
#include "ch06_flash/homework/hw06.h"
#define stretches_merge solved_stretches_merge
#include "../solution.c"
#undef stretches_merge

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    Stretch *order = allocate((size_t)count + 1, sizeof *order);
    double *rows = allocate((size_t)count * d + 1, sizeof *rows);
    int sorted = 0;
    for (int r = 0; r < n; r++)
        for (int i = next_stretch(stretches, count, r, 0); i >= 0;
             i = next_stretch(stretches, count, r, stretches[i].first + 1), sorted++) {
            order[sorted] = stretches[i];
            for (int c = 0; c < d; c++) rows[sorted * d + c] = outs[i * d + c];
        }
    solved_stretches_merge(order, rows, lses, count, d, n, out, lse);
    free(order), free(rows);
}
