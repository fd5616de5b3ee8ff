// loses: 2, says: sqrt(1 - u) falls slowly first, keeps: 21
// The root of what is left.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    long long start = s->total - s->decay;
    if (s->shape == WSD_LINEAR || step <= start || step >= s->total)
        return solved_wsd_rate(s, step);
    double u = (double)(step - start) / (double)s->decay;
    return s->last + (s->peak - s->last) * sqrt(1 - u);
}
