// loses: 5, says: not their squares, keeps: 18
// Lengths, not their squares.
#include "ch04_pretrain/homework/hw04.h"
#define squares_of_parts solved_squares_of_parts
#include "../solution.c"
#undef squares_of_parts

Squares squares_of_parts(const double *gradients, int parts, int n) {
    Squares s = {.big = sqrt(solved_squares_of_parts(gradients, parts, n).big)};
    for (int k = 0; k < parts; k++)
        s.small += sqrt(square_of(gradients + k * n, n)) / parts;
    return s;
}
