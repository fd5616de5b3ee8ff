#include "ch04_pretrain/prefix_lm.h"

#include "ch04_pretrain/clm.h"

void prefix_fill(Batch *b, int row, const Draw *from) {
    int *targets = b->targets + (size_t)row * b->time;
    int prefix = b->time > 1 ? 1 + rng_below(from->rng, b->time - 1) : 1;
    clm_fill(b, row, from);
    for (int i = 0; i + 1 < prefix; i++) targets[i] = IGNORED;
    b->prefixes[row] = prefix;
}
