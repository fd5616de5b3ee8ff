#include "ch06_flash/labs/heads.h"

#include "ch02_attention/attention.h"

FlashHead lab_head(Rng *rng, int n, int d, double sd) {
    FlashHead h = {.q = mat_new(n, d),
                   .k = mat_new(n, d),
                   .v = mat_new(n, d),
                   .scale = attention_scale(d)};
    rng_fill_normal(rng, h.q, sd), rng_fill_normal(rng, h.k, sd);
    rng_fill_normal(rng, h.v, 1);
    return h;
}

void lab_head_free(FlashHead *h) { mat_free(h->q), mat_free(h->k), mat_free(h->v); }

Memory lab_run_in(Algorithm a, const FlashHead *h, Blocks b, MemoryKind kind,
                  long long capacity) {
    Memory m = memory_new(kind, capacity);
    Mat out = mat_new(h->q.rows, h->v.cols), lse = mat_new(h->q.rows, 1);
    algorithms[a].run(out, lse, h, b, &m);
    mat_free(out), mat_free(lse);
    return m;
}
