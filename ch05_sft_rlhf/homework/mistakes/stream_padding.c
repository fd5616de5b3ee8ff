// loses: 1, says: padding was taken for steps, keeps: 23
// Padding is looked at.
#include "ch05_sft_rlhf/homework/hw05.h"
#define stream_advantages solved_stream_advantages
#include "../solution.c"
#undef stream_advantages

void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages) {
    StepKind *all = allocate((size_t)n, sizeof *all);
    for (int t = 0; t < n; t++) {
        bool before_padding = t + 1 < n && kinds[t + 1] == STEP_PADDING;
        all[t] = kinds[t] == STEP_PADDING || before_padding ? STEP_GOES_ON : kinds[t];
    }
    if (n && all[n - 1] == STEP_GOES_ON) all[n - 1] = STEP_ENDS;
    solved_stream_advantages(rewards, values, all, lasts, n, gamma, lambda, advantages);
    free(all);
}
