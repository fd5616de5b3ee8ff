// loses: 2, says: steps count from 1, keeps: 20
// The first step has number 0.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    return step <= s->warmup && s->warmup > 0 ? solved_wsd_rate(s, step - 1)
                                              : solved_wsd_rate(s, step);
}
