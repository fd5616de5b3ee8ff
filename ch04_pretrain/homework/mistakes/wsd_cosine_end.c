// loses: 2, says: the decay is a cosine, keeps: 17
// A cosine for the line.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    long long start = s->total - s->decay;
    if (step <= start || step >= s->total) return solved_wsd_rate(s, step);
    double u = (double)(step - start) / (double)s->decay;
    return s->last + (s->peak - s->last) * (1 + cos(acos(-1) * u)) / 2;
}
