#include "ch04_pretrain/minhash.h"

#include "common/error.h"

// The last step of SplitMix64: every bit of x moves about half of the result's.
uint64_t minhash_value(uint64_t x, uint64_t seed_of_function) {
    x ^= seed_of_function;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t *minhash_seeds(const Rng *rng, int k) {
    uint64_t *seeds = allocate((size_t)k, sizeof *seeds);
    for (int i = 0; i < k; i++) {
        Rng own = rng_split(rng, (uint64_t)i);
        seeds[i] = rng_bits(&own);
    }
    return seeds;
}

void minhash_sign(uint64_t *to, const Shingles *s, const uint64_t *seeds, int k) {
    for (int i = 0; i < k; i++) {
        uint64_t least = UINT64_MAX;
        for (size_t n = 0; n < s->count; n++) {
            uint64_t value = minhash_value(s->at[n], seeds[i]);
            least = value < least ? value : least;
        }
        to[i] = least;
    }
}

double minhash_similarity(const uint64_t *a, const uint64_t *b, int k) {
    int equal = 0;
    for (int i = 0; i < k; i++) equal += a[i] == b[i];
    return (double)equal / k;
}
