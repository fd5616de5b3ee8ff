// loses: 5, says: trace / B belongs to big, keeps: 22
// From the small batch takes the large one's noise away.
#include "ch04_pretrain/homework/hw04.h"
#define noise_of solved_noise_of
#include "../solution.c"
#undef noise_of

Noise noise_of(Squares s, double b, double B) {
    double trace = solved_noise_of(s, b, B).trace;
    return (Noise){s.small - trace / B, trace};
}
