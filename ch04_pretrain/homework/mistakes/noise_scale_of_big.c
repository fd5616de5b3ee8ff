// loses: 5, says: the mean of `big`, keeps: 19
// big for |G|^2.
#include "ch04_pretrain/homework/hw04.h"
#define noise_scale solved_noise_scale
#include "../solution.c"
#undef noise_scale

double noise_scale(const Squares *s, int count, double b, double B) {
    double square = 0, trace = 0;
    for (int i = 0; i < count; i++)
        square += s[i].big, trace += noise_of(s[i], b, B).trace;
    return trace / square;
}
