// loses: 4, says: underflows, keeps: 13
// The formula as it is written.
#include "ch01_tokenizer/homework/hw01.h"
#define nbest_weights solved_nbest_weights
#include "../solution.c"
#undef nbest_weights

void nbest_weights(const Segmentation *best, size_t count, double power,
                   double *weights) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i] = pow(exp(best[i].log_p), power);
    for (size_t i = 0; i < count; i++) weights[i] /= sum;
}
