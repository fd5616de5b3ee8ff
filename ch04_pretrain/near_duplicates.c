#include "ch04_pretrain/near_duplicates.h"

#include <stdlib.h>

#include "ch04_pretrain/lsh.h"
#include "ch04_pretrain/minhash.h"

NearSettings near_settings(uint64_t seed) {
    return (NearSettings){
        .words = 5, .rows = 5, .bands = 20, .least = 0.8, .rng = rng_new(seed)};
}

typedef struct {
    const Shingles *shingles;
    double least;
} Comparison;

static bool is_near(const void *of, size_t i, size_t j) {
    const Comparison *c = of;
    return jaccard(&c->shingles[i], &c->shingles[j]) >= c->least;
}

size_t near_duplicates(const Documents *d, const NearSettings *s, size_t *first) {
    int k = s->rows * s->bands;
    uint64_t *seeds = minhash_seeds(&s->rng, k),
             *signatures = allocate(d->count * (size_t)k, sizeof *signatures);
    Shingles *shingles = allocate(d->count, sizeof *shingles);
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < d->count; i++) {
        shingles[i] = shingles_of(d->list[i].at, d->list[i].size, s->words);
        minhash_sign(signatures + i * (size_t)k, &shingles[i], seeds, k);
    }
    Comparison c = {shingles, s->least};
    size_t asked =
        lsh_group(first, signatures, d->count, s->rows, s->bands, is_near, &c);
    for (size_t i = 0; i < d->count; i++) shingles_free(&shingles[i]);
    free(shingles), free(signatures), free(seeds);
    return asked;
}
