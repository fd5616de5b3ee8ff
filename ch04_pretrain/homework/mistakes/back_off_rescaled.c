// loses: 3, says: divided by their sum at the end, keeps: 19
// alpha is 1, and at the end all are made to sum to 1.
#include "ch04_pretrain/homework/hw04.h"
#define back_off solved_back_off
#include "../solution.c"
#undef back_off

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    const int *row = count + h * V;
    solved_back_off(count, V, lower, D, h, p);
    After a = after(row, V, lower);
    if (a.total == 0 || a.unseen == 0) return;
    double sum = 0;
    for (int w = 0; w < V; w++) sum += p[w] = row[w] > 0 ? p[w] : lower[w];
    for (int w = 0; w < V; w++) p[w] /= sum;
}
