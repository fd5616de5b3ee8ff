// loses: 4, says: the power is above the fraction alone, keeps: 11
// The sum is that of p, not of p^power.
#include "ch01_tokenizer/homework/hw01.h"
#define nbest_weights solved_nbest_weights
#include "../solution.c"
#undef nbest_weights

void nbest_weights(const Segmentation *best, size_t count, double power,
                   double *weights) {
    double most = best[0].log_p, sum = 0;
    for (size_t i = 1; i < count; i++) most = fmax(most, best[i].log_p);
    for (size_t i = 0; i < count; i++) sum += exp(best[i].log_p - most);
    for (size_t i = 0; i < count; i++)
        weights[i] = exp(power * (best[i].log_p - most)) / sum;
}
