// loses: 5, says: trace / b is to be taken away, keeps: 22
// The trace of one row, from many.
#include "ch04_pretrain/homework/hw04.h"
#define noise_of solved_noise_of
#include "../solution.c"
#undef noise_of

Noise noise_of(Squares s, double b, double B) {
    double trace = (s.small - s.big) / (1 / b - 1 / B);
    return (Noise){s.small - trace, trace};
}
