// loses: 2, says: those of the warm-up begin at 0, keeps: 23
// As if all rates lay between last and the peak.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_peak_for solved_wsd_peak_for
#include "../solution.c"
#undef wsd_peak_for

double wsd_peak_for(const Wsd *s, double area) {
    double least = s->last * (double)s->total;
    return s->last + (area - least) / (wsd_area(s) - least) * (s->peak - s->last);
}
