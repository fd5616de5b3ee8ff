// loses: 5, says: divided by b - B: by, keeps: 22
#include "ch04_pretrain/homework/hw04.h"

#define noise_of solved_noise_of
#include "../solution.c"
#undef noise_of

Noise noise_of(Squares s, double b, double B) {
    return (Noise){.square = (B * s.big - b * s.small) / (B - b),
                   .trace = (s.small - s.big) / (b - B)};
}
