#include "ch04_pretrain/dirichlet.h"

#include <assert.h>
#include <math.h>

double rng_gamma(Rng *rng, double shape) {
    assert(shape > 0);
    if (shape < 1) {  // Gamma(a) = Gamma(a + 1) U^(1/a)
        double u = rng_uniform(rng) + 0x1p-54;
        return rng_gamma(rng, shape + 1) * pow(u, 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(rng), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(rng_uniform(rng) + 0x1p-54) < x * x / 2 + d - d * v + d * log(v))
            return d * v;
    }
}

void rng_dirichlet(Rng *rng, double a, double *p, int n) {
    double total = 0;
    // a gamma variable of a tiny shape can be 0 in double; all of them at once cannot
    // stay so
    while (!(total > 0)) {
        total = 0;
        for (int i = 0; i < n; i++) total += p[i] = rng_gamma(rng, a);
    }
    for (int i = 0; i < n; i++) p[i] /= total;
}
