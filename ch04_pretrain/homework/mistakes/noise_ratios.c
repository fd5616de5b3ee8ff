// loses: 5, says: the mean of quotients, keeps: 19
// A quotient for each measurement, then their mean.
#include "ch04_pretrain/homework/hw04.h"
#define noise_scale solved_noise_scale
#include "../solution.c"
#undef noise_scale

double noise_scale(const Squares *s, int count, double b, double B) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
        Noise one = noise_of(s[i], b, B);
        sum += one.trace / one.square;
    }
    return sum / count;
}
