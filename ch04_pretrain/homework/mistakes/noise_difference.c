// loses: 5, says: still to be divided, keeps: 22
// The difference is not divided.
#include "ch04_pretrain/homework/hw04.h"
#define noise_of solved_noise_of
#include "../solution.c"
#undef noise_of

Noise noise_of(Squares s, double b, double B) {
    Noise n = solved_noise_of(s, b, B);
    n.trace = s.small - s.big;
    return n;
}
