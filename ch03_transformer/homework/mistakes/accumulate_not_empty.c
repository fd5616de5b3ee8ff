// loses: 6, says: nodes of the last micro-batch are left, keeps: 18
// The last micro-batch stays on the tape.
#include "ch03_transformer/homework/hw03.h"
#define accumulate_step solved_accumulate_step
#include "../solution.c"
#undef accumulate_step

StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most) {
    StepResult result = solved_accumulate_step(m, t, o, micro, count, rate, most);
    model_decode(t, m, &micro[count - 1].in, NULL, NULL);
    return result;
}
