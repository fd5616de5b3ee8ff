// loses: 5, says: was left out, keeps: 20
// Measurements below 0 are left out.
#include "ch04_pretrain/homework/hw04.h"
#define noise_scale solved_noise_scale
#include "../solution.c"
#undef noise_scale

double noise_scale(const Squares *s, int count, double b, double B) {
    Noise sum = {0};
    for (int i = 0; i < count; i++) {
        Noise one = noise_of(s[i], b, B);
        if (one.square > 0) sum.square += one.square, sum.trace += one.trace;
    }
    return sum.square > 0 ? sum.trace / sum.square : INFINITY;
}
