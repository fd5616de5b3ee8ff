// loses: 7, says: once is enough, keeps: 21
// Looks once, at the end.
#include "ch05_sft_rlhf/homework/hw05.h"
#define first_doubt solved_first_doubt
#include "../solution.c"
#undef first_doubt

int first_doubt(const double *x, int n, double q, double alpha) {
    return log_mixed_capital(x, n, q) >= -log(alpha) ? n : 0;
}
