#include "ch04_pretrain/cycle_mean.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

// walk [(n + 1) x n]: the largest weight of a walk of k edges, from anywhere to v.
static void longest_walks(double *walk, const double *weight, int n) {
    for (int k = 1; k <= n; k++) {
        double *now = walk + k * n;
        const double *before = now - n;
        for (int v = 0; v < n; v++) now[v] = -INFINITY;
        for (int u = 0; u < n; u++)
            for (int v = 0; v < n; v++)
                now[v] = fmax(now[v], before[u] + weight[u * n + v]);
    }
}

double cycle_mean_most(const double *weight, int n) {
    double *walk = allocate((size_t)(n + 1) * (size_t)n, sizeof *walk);
    double most = -INFINITY;
    longest_walks(walk, weight, n);  // walks of 0 edges weigh 0
    for (int v = 0; v < n; v++) {
        double last = walk[n * n + v], least = INFINITY;
        for (int k = 0; k < n && last > -INFINITY; k++)
            if (walk[k * n + v] > -INFINITY)
                least = fmin(least, (last - walk[k * n + v]) / (n - k));
        if (least < INFINITY) most = fmax(most, least);
    }
    free(walk);
    return most;
}
