// loses: 2, says: u counts backwards: it is 0, keeps: 17
#include "ch04_pretrain/homework/hw04.h"

#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    long long start = s->total - s->decay;
    if (step < s->warmup) return s->peak * (double)step / (double)s->warmup;
    if (step <= start) return s->peak;
    if (step >= s->total) return s->last;
    double u = (double)(s->total - step) / (double)s->decay;
    double left = s->shape == WSD_LINEAR ? 1 - u : 1 - sqrt(u);
    return s->last + (s->peak - s->last) * left;
}
