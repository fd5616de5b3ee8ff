// loses: 2, says: that is a schedule, not {0}, keeps: 23
// Too few steps are none.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_extend solved_wsd_extend
#include "../solution.c"
#undef wsd_extend

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    Wsd longer = solved_wsd_extend(s, step, total, share);
    return longer.decay < llround(share * (double)total) ? (Wsd){0} : longer;
}
