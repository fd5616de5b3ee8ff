// loses: 2, says: quotient of integers, keeps: 13
// u and the share of the warm-up are divisions of integers.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    long long start = s->total - s->decay;
    if (step < s->warmup) return s->peak * (double)(step / s->warmup);
    if (step <= start || step >= s->total) return solved_wsd_rate(s, step);
    double u = (double)((step - start) / s->decay);
    return s->last + (s->peak - s->last) * (1 - u);
}
