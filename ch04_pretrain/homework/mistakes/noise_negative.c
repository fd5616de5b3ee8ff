// loses: 5, says: noise is all there is to see, keeps: 24
// No look at the sign of the denominator.
#include "ch04_pretrain/homework/hw04.h"
#define noise_scale solved_noise_scale
#include "../solution.c"
#undef noise_scale

double noise_scale(const Squares *s, int count, double b, double B) {
    double square = 0, trace = 0;
    for (int i = 0; i < count; i++) {
        Noise one = noise_of(s[i], b, B);
        square += one.square, trace += one.trace;
    }
    return trace / square;
}
