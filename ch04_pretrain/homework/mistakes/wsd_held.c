// loses: 2, says: held at last, keeps: 17
// The line goes to 0 and stops at last.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_rate solved_wsd_rate
#include "../solution.c"
#undef wsd_rate

double wsd_rate(const Wsd *s, long long step) {
    Wsd to_zero = *s;
    to_zero.last = 0;
    double rate = solved_wsd_rate(&to_zero, step);
    return step <= s->warmup ? rate : fmax(s->last, rate);
}
