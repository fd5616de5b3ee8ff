// loses: 5, says: too long on average, keeps: 22
// The large batch is taken for the truth.
#include "ch04_pretrain/homework/hw04.h"
#define noise_of solved_noise_of
#include "../solution.c"
#undef noise_of

Noise noise_of(Squares s, double b, double B) {
    Noise n = solved_noise_of(s, b, B);
    n.square = s.big;
    return n;
}
