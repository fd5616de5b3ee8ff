#include "ch05_sft_rlhf/learner.h"

#include <assert.h>
#include <math.h>

#include "ch03_transformer/clip.h"
#include "ch03_transformer/schedule.h"

Learner learner_new(Model *m, LearnerSettings s) {
    assert(m->params.grads && "learner_new: a model without gradients");
    return (Learner){
        .settings = s,
        .model = m,
        .optimiser = optimiser_new(
            &m->params, (OptimiserSettings){.kind = OPTIMISER_ADAMW,
                                            .beta2 = s.beta2 > 0 ? s.beta2 : 0.99,
                                            .decay = s.decay}),
        .tape = tape_new(&m->params)};
}

void learner_free(Learner *l) {
    optimiser_free(&l->optimiser), tape_free(l->tape);
    *l = (Learner){0};
}

static double rate_of(const LearnerSettings *s, long long step) {
    if (!s->steps) return s->rate;
    Schedule schedule = {s->rate, s->last_rate, s->warmup, s->steps};
    return schedule_rate(&schedule, step);
}

double learner_step(Learner *l, Node *loss) {
    Params *p = &l->model->params;
    bool finite = isfinite((double)*loss->value.at);
    tape_backward(l->tape, loss);
    double norm =
        l->settings.clip > 0 ? params_clip(p, l->settings.clip) : params_grad_norm(p);
    l->step++;
    if (finite && isfinite(norm))
        optimiser_step(&l->optimiser, p, rate_of(&l->settings, l->step));
    params_zero_grads(p);
    tape_reset(l->tape);
    return finite ? norm : NAN;
}
