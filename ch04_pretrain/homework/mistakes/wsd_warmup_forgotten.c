// loses: 2, says: the warm-up goes on to step, keeps: 23
#include "ch04_pretrain/homework/hw04.h"

#define wsd_extend solved_wsd_extend
#include "../solution.c"
#undef wsd_extend

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    long long kept = step;
    if (step > s->total - s->decay || total <= kept) return (Wsd){0};
    Wsd longer = *s;
    longer.total = total;
    longer.decay = long_min(llround(share * (double)total), total - kept);
    longer.decay = long_max(longer.decay, 1);
    return longer;
}
