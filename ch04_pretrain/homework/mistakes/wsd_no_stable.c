// loses: 2, says: the decay begins after the warm-up, keeps: 14
// The decay fills the rest of the run.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    Wsd all = *s;
    all.decay = s->total - s->warmup;
    return solved_wsd_rate(&all, step);
}
