// loses: 2, says: the decay goes to 0, keeps: 17
// The decay forgets last, up to the last step.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    Wsd zero = *s;
    zero.last = 0;
    return step < s->total ? solved_wsd_rate(&zero, step) : s->last;
}
