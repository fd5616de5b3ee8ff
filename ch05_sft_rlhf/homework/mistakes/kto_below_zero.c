// loses: 4, says: 0 is the least, keeps: 24
// The mean as it comes.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_reference solved_kto_reference
#include "../solution.c"
#undef kto_reference

double kto_reference(const double *mismatched, int m) {
    double sum = 0;
    for (int i = 0; i < m; i++) sum += mismatched[i];
    return m ? sum / m : 0;
}
