// loses: 4, says: this is the largest h, keeps: 22
// The largest of the h.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_reference solved_kto_reference
#include "../solution.c"
#undef kto_reference

double kto_reference(const double *mismatched, int m) {
    double most = 0;
    for (int i = 0; i < m; i++) most = fmax(most, mismatched[i]);
    return most;
}
