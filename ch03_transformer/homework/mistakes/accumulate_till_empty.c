// loses: 6, says: a micro-batch without targets ended it, keeps: 11
// break for continue.
#include "ch03_transformer/homework/hw03.h"
#define accumulate_step solved_accumulate_step
#include "../solution.c"
#undef accumulate_step

StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most) {
    StepResult result = {0};
    double total = 0;
    for (int k = 0; k < count; k++) total += counted_targets(&micro[k]);
    if (total == 0) return result;
    params_zero_grads(&m->params);
    for (int k = 0; k < count; k++) {
        if (counted_targets(&micro[k]) == 0) break;
        Node *logits = model_logits(t, m, model_decode(t, m, &micro[k].in, NULL, NULL));
        Node *loss = scale(t, cross_entropy(t, logits, micro[k].targets),
                           counted_targets(&micro[k]) / total);
        result.loss += (double)*loss->value.at;
        tape_backward(t, loss);
        tape_reset(t);
    }
    result.norm = params_clip(&m->params, most > 0 ? most : INFINITY);
    optimiser_step(o, &m->params, rate);
    return result;
}
