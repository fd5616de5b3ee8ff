#include "common/numeric/rng.h"

#include <assert.h>
#include <math.h>

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

Rng rng_new(uint64_t seed) {
    Rng rng;
    for (int i = 0; i < 4; i++) rng.state[i] = splitmix(&seed);
    return rng;
}

Rng rng_split(const Rng *parent, uint64_t k) {
    // k hashed first: neighbours share no pattern
    uint64_t mixed = parent->state[0] ^ splitmix(&k);
    mixed ^= parent->state[2] * 0x9e3779b97f4a7c15u;
    return rng_new(mixed);
}

static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

uint64_t rng_bits(Rng *rng) {
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3];
    s[2] ^= t, s[3] = rotate(s[3], 45);
    return result;
}

double rng_uniform(Rng *rng) { return (double)(rng_bits(rng) >> 11) * 0x1p-53; }

double rng_normal(Rng *rng) {
    // Only one of Box-Muller's two numbers: a stream that keeps no spare can be copied
    // and split at any time.
    double u = 1.0 - rng_uniform(rng);  // (0, 1], so that the logarithm is finite
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * rng_uniform(rng));
}

int rng_below(Rng *rng, int n) {
    assert(n >= 1);
    uint64_t range = (uint64_t)n, limit = UINT64_MAX - UINT64_MAX % range, bits;
    do bits = rng_bits(rng);
    while (bits >= limit);
    return (int)(bits % range);
}

int rng_categorical(Rng *rng, const double *p, int n) {
    double total = 0;
    for (int i = 0; i < n; i++) total += p[i];
    double rest = rng_uniform(rng) * total;
    // rounding may leave a sliver past the end: it belongs to the last possible item
    int last = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] <= 0) continue;
        last = i;
        if ((rest -= p[i]) < 0) break;
    }
    return last;
}

void rng_shuffle(Rng *rng, int *items, int n) {
    for (int i = n - 1; i > 0; i--) {
        int j = rng_below(rng, i + 1), swap = items[i];
        items[i] = items[j], items[j] = swap;
    }
}

void rng_fill_normal(Rng *rng, Mat m, double sd) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            *mat_at(m, i, j) = (real)(sd * rng_normal(rng));
}
