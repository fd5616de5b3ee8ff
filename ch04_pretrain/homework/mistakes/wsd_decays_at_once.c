// loses: 2, says: the decay takes all steps that are left, keeps: 23
// The stable phase ends where the run was saved.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_extend solved_wsd_extend
#include "../solution.c"
#undef wsd_extend

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    Wsd longer = solved_wsd_extend(s, step, total, share);
    if (longer.total > 0) longer.decay = total - long_max(step, s->warmup);
    return longer;
}
