// loses: 2, says: right where last is 0, keeps: 17
// last is taken for a share of the peak.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    Wsd other = *s;
    long long start = s->total - s->decay;
    if (step > start && step < s->total) other.last = s->last * s->peak;
    return solved_wsd_rate(&other, step);
}
