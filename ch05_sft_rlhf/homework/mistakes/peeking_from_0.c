// loses: 7, says: counted from 1, keeps: 21
// Counted from 0.
#include "ch05_sft_rlhf/homework/hw05.h"
#define first_doubt solved_first_doubt
#include "../solution.c"
#undef first_doubt

int first_doubt(const double *x, int n, double q, double alpha) {
    int first = solved_first_doubt(x, n, q, alpha);
    return first ? first - 1 : 0;
}
