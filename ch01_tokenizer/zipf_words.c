#include "ch01_tokenizer/zipf_words.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

Zipf zipf_new(int ranks, double a) {
    Zipf z = {allocate((size_t)ranks, sizeof(double)),
              allocate((size_t)ranks, sizeof(double)), ranks};
    double total = 0;
    for (int r = 0; r < ranks; r++) total += z.p[r] = pow(r + 1, -a);
    double sum = 0;
    for (int r = 0; r < ranks; r++) z.cumulative[r] = sum += z.p[r] /= total;
    return z;
}

void zipf_free(Zipf *z) { free(z->p), free(z->cumulative); }

int zipf_draw(const Zipf *z, Rng *rng) {
    double u = rng_uniform(rng) * z->cumulative[z->ranks - 1];
    // the first rank whose cumulative probability passes u
    int low = 0, high = z->ranks - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (z->cumulative[middle] > u) high = middle;
        else low = middle + 1;
    }
    return low;
}
