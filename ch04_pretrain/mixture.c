#include "ch04_pretrain/mixture.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

const MixtureSource llama_mixture[] = {
    {"CommonCrawl", 0.670, 1.10, 3.3e12}, {"C4", 0.150, 1.06, 783e9},
    {"GitHub", 0.045, 0.64, 328e9},       {"Wikipedia", 0.045, 2.45, 83e9},
    {"Books", 0.045, 2.23, 85e9},         {"ArXiv", 0.025, 1.06, 92e9},
    {"StackExchange", 0.020, 1.03, 78e9}};
_Static_assert(sizeof llama_mixture / sizeof *llama_mixture == LLAMA_SOURCES,
               "LLaMA's sources are seven");

double mixture_epochs(double weight, double size, double total) {
    return weight * total / size;
}

double mixture_total(const double *weights, const double *sizes, int count,
                     double most) {
    double total = INFINITY;
    for (int i = 0; i < count; i++)
        if (weights[i] > 0) total = fmin(total, most * sizes[i] / weights[i]);
    return total;
}

double mixture_sum(const double *weights, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += weights[i];
    return sum;
}

void mixture_choose(const size_t *bytes, size_t count, double epochs, Rng *rng,
                    unsigned char *chosen) {
    int *order = allocate(count, sizeof *order);
    double all = 0, taken = 0;
    for (size_t i = 0; i < count; i++)
        order[i] = (int)i, chosen[i] = 0, all += (double)bytes[i];
    rng_shuffle(rng, order, (int)count);
    for (size_t k = 0; k < count; k++) {
        size_t i = (size_t)order[k];
        if (taken + 0.5 * (double)bytes[i] > epochs * all) continue;
        chosen[i] = 1, taken += (double)bytes[i];
    }
    free(order);
}
