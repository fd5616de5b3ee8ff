// loses: 2, says: share total was rounded up, keeps: 23
// ceil for round.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_extend solved_wsd_extend
#include "../solution.c"
#undef wsd_extend

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    Wsd longer = solved_wsd_extend(s, step, total, share);
    long long kept = long_max(step, s->warmup),
              up = (long long)ceil(share * (double)total);
    if (longer.total > 0) longer.decay = long_min(up, total - kept);
    return longer;
}
