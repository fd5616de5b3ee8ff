// loses: 3, says: divided by c(h) - D: counts, keeps: 19
#include "ch04_pretrain/homework/hw04.h"

#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    const int *row = count + h * V;
    After a = after(row, V, lower);
    double discount = a.unseen > 0 ? D : 0;
    double alpha = a.unseen > 0 ? discount * a.different / a.total / a.unseen : 0;
    for (int w = 0; w < V; w++) {
        if (a.total == 0) p[w] = lower[w];
        else
            p[w] = row[w] > 0 ? (row[w] - discount) / (a.total - discount)
                              : alpha * lower[w];
    }
}
