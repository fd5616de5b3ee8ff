// loses: 2, says: counted from u = 0 on, keeps: 23
// u counts from 0 in the sum.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_area solved_wsd_area
#include "../solution.c"
#undef wsd_area

double wsd_area(const Wsd *s) {
    long long start = s->total - s->decay;
    double sum = 0;
    for (long long t = 1; t <= start; t++) sum += wsd_rate(s, t);
    for (long long t = 0; t < s->decay; t++) sum += wsd_rate(s, start + t);
    return sum;
}
