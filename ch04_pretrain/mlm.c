#include "ch04_pretrain/mlm.h"

// What the model reads in place of a selected token.
static int corrupted(int token, const Corruption *c, const Data *d, Rng *rng) {
    double u = rng_uniform(rng);
    if (u < c->mask) return d->vocabulary;  // [MASK]
    if (u >= c->mask + c->random) return token;
    int other;
    do other = rng_below(rng, d->vocabulary);
    while (other == d->end);
    return other;
}

Corruption mlm_corruption(const ObjectiveSettings *s) {
    Corruption c = BERT_CORRUPTION;
    if (s->mask_share) c.select = s->mask_share;
    return c;
}

void mlm_fill(Batch *b, int row, const Draw *from) {
    int *in = b->tokens + (size_t)row * b->time;
    int *targets = b->targets + (size_t)row * b->time;
    const Data *d = from->data;
    Corruption c = mlm_corruption(from->settings);
    for (int i = 0; i < b->time; i++) {
        int token = from->tokens[i];
        targets[i] = IGNORED, in[i] = token == NO_TOKEN ? d->end : token;
        if (token == NO_TOKEN || token == d->end) continue;
        if (rng_uniform(from->rng) >= c.select) continue;
        targets[i] = token;
        in[i] = corrupted(token, &c, d, from->rng);
    }
    batch_mark_documents(b, row, from->tokens, d->end);
}
