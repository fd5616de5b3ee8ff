// loses: 5, says: the mean of the lengths, squared, keeps: 22
// The mean length, squared.
#include "ch04_pretrain/homework/hw04.h"
#define squares_of_parts solved_squares_of_parts
#include "../solution.c"
#undef squares_of_parts

Squares squares_of_parts(const double *gradients, int parts, int n) {
    Squares s = solved_squares_of_parts(gradients, parts, n);
    double length = 0;
    for (int k = 0; k < parts; k++) length += sqrt(square_of(gradients + k * n, n));
    s.small = length * length / (parts * parts);
    return s;
}
