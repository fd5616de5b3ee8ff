// loses: 2, says: `last` x total was taken away, keeps: 23
// last's part is taken for last in all steps.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_peak_for solved_wsd_peak_for
#include "../solution.c"
#undef wsd_peak_for

double wsd_peak_for(const Wsd *s, double area) {
    Wsd none = *s;
    none.peak = 0;
    double slope = (wsd_area(s) - wsd_area(&none)) / s->peak;
    return (area - s->last * (double)s->total) / slope;
}
