// loses: 2, says: as a triangle, keeps: 23
// The area of the warm-up in closed form, without its half step.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_area solved_wsd_area
#include "../solution.c"
#undef wsd_area

double wsd_area(const Wsd *s) {
    double sum = s->peak * (double)s->warmup / 2;
    for (long long t = s->warmup + 1; t <= s->total; t++) sum += wsd_rate(s, t);
    return sum;
}
