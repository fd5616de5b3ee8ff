// loses: 7, says: no doubt is found, keeps: 21
// Each look sees one round.
#include "ch05_sft_rlhf/homework/hw05.h"
#define first_doubt solved_first_doubt
#include "../solution.c"
#undef first_doubt

int first_doubt(const double *x, int n, double q, double alpha) {
    for (int i = 0; i < n; i++)
        if (log_mixed_capital(x + i, 1, q) >= -log(alpha)) return i + 1;
    return 0;
}
