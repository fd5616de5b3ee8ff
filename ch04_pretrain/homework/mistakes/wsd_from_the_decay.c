// loses: 2, says: whose decay has begun cannot go on at the peak, keeps: 23
// Any saved step will do.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_extend solved_wsd_extend
#include "../solution.c"
#undef wsd_extend

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    Wsd stable = *s;
    stable.total += s->decay;
    Wsd longer = solved_wsd_extend(&stable, step, total, share);
    return longer;
}
