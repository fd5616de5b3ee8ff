// loses: 2, says: does not grow with the peak, keeps: 23
// Twice the area is twice the peak.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_peak_for solved_wsd_peak_for
#include "../solution.c"
#undef wsd_peak_for

double wsd_peak_for(const Wsd *s, double area) { return s->peak * area / wsd_area(s); }
