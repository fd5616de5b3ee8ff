// loses: 2, says: looked for from 0 on, keeps: 24
// The largest exponent is looked for from 0 on.
#include "ch05_sft_rlhf/homework/hw05.h"
#define expected_length solved_expected_length
#include "../solution.c"
#undef expected_length

double expected_length(const Answers *a, double beta, double alpha) {
    double z = 0, sum = 0, most = 0;
    for (int i = 0; i < a->n; i++) most = fmax(most, a->reward[i] / beta);
    for (int i = 0; i < a->n; i++) {
        double w =
            exp(a->log_ref[i] + (a->reward[i] - alpha * a->length[i]) / beta - most);
        z += w, sum += w * a->length[i];
    }
    return sum / z;
}
