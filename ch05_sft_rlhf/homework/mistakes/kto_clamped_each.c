// loses: 4, says: only their mean is, keeps: 22
// Each term is kept at 0.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_reference solved_kto_reference
#include "../solution.c"
#undef kto_reference

double kto_reference(const double *mismatched, int m) {
    double sum = 0;
    for (int i = 0; i < m; i++) sum += fmax(0, mismatched[i]);
    return m ? sum / m : 0;
}
