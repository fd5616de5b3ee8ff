// loses: 6, says: was a sum clipped that is divided afterwards, keeps: 16
// The sum over all targets is clipped, and then divided.
#include "ch03_transformer/homework/hw03.h"
#define accumulate_step solved_accumulate_step
#include "../solution.c"
#undef accumulate_step

StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most) {
    int targets = 0;
    for (int k = 0; k < count; k++) targets += counted_targets(&micro[k]);
    return solved_accumulate_step(m, t, o, micro, count, rate,
                                  targets > 0 ? most / targets : most);
}
