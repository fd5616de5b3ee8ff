// loses: 1, says: not lasts[t + 1], keeps: 22
// Looks for the value after a cut one step further on.
#include "ch05_sft_rlhf/homework/hw05.h"
#define stream_advantages solved_stream_advantages
#include "../solution.c"
#undef stream_advantages

void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages) {
    double *moved = allocate((size_t)n, sizeof *moved);
    for (int t = 0; t + 1 < n; t++) moved[t] = lasts[t + 1];
    solved_stream_advantages(rewards, values, kinds, moved, n, gamma, lambda,
                             advantages);
    free(moved);
}
