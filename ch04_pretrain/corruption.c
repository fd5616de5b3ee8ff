#include "ch04_pretrain/corruption.h"

void corrupt(const Corruption *c, Rng *rng, int symbols, const int *text, int n,
             int *seen, bool *selected) {
    for (int i = 0; i < n; i++) {
        seen[i] = text[i];
        selected[i] = rng_uniform(rng) < c->select;
        if (!selected[i]) continue;
        double u = rng_uniform(rng);
        if (u < c->mask) seen[i] = MASKED;
        else if (u < c->mask + c->random) seen[i] = rng_below(rng, symbols);
    }
}

Channel channel_selected(const Corruption *c, int symbols) {
    return (Channel){1 - c->mask - c->random, c->random / symbols, c->mask};
}

Channel channel_of(const Corruption *c, int symbols) {
    Channel s = channel_selected(c, symbols);
    return (Channel){1 - c->select + c->select * s.same, c->select * s.other,
                     c->select * s.masked};
}
