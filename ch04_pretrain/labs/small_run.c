#include "ch04_pretrain/labs/small_run.h"

#include <math.h>

#include "ch04_pretrain/evaluate.h"
#include "common/error.h"

TrainSettings small_run_settings(int batch, long long steps) {
    const double PEAK = 3e-3;
    return (TrainSettings){.batch = batch,
                           .accumulate = 1,
                           .steps = steps,
                           .rate = PEAK,
                           .last_rate = PEAK / 20,
                           .warmup = steps / 50,
                           .clip = 1,
                           .beta2 = 0.98};
}

int small_run_steps(long long steps, long long at[RUN_POINTS]) {
    const double FIRST = 4;
    int count = 0;
    for (int i = 0; i < RUN_POINTS; i++) {
        double share = (double)i / (RUN_POINTS - 1);
        long long step = llround(FIRST * pow((double)steps / FIRST, share));
        if (count == 0 || step > at[count - 1]) at[count++] = step;
    }
    return count;
}

void small_run_data(SmallRun *r) {
    Rng rng = rng_new(r->seed);
    r->data = data_of_language(r->language, r->time, rng_bits(&rng));
    r->held_out_data = data_of_language(r->language, r->time, rng_bits(&rng));
    r->objective.rng = rng_new(rng_bits(&rng));
}

void small_run_begin(SmallRun *r) {
    Error err;
    small_run_data(r);
    r->config.vocabulary =
        r->data.vocabulary + objective_special_tokens(r->objective.kind, r->time);
    r->config.context =
        r->context ? r->context : objective_context(r->objective.kind, r->time);
    r->config.init = INIT_XAVIER;
    if (!model_new(&r->model, &r->config, &err)) die("%s", err.text);
    Rng rng = rng_new(r->seed);
    model_allocate(&r->model, &rng);
    params_allocate_grads(&r->model.params);
    r->settings.seed = r->seed;
    r->trainer = trainer_new(&r->model, &r->data, r->settings, r->objective);
}

void small_run_add_point(SmallRun *r) {
    enum { BATCH = 32 };
    Evaluation e =
        evaluate(&r->model, &r->held_out_data, &r->objective, 0, r->held_out, BATCH);
    double rows = (double)e.rows;
    r->points[r->count++] =
        (RunPoint){.tokens = (double)r->trainer.tokens,
                   .loss = evaluation_loss(&e),
                   .loss_error = sqrt(e.squares * rows / (rows - 1)) / (double)e.tokens,
                   .floor = e.has_floor ? e.floor / (double)e.tokens : NAN,
                   .excess = e.has_floor ? evaluation_excess(&e) : NAN,
                   .excess_error = e.has_floor ? evaluation_excess_error(&e) : NAN};
    evaluation_free(&e);
}

void small_run_to(Lab *lab, SmallRun *r, long long step) {
    while (r->trainer.step < step) {
        StepResult s = trainer_step(&r->trainer);
        lab_progress_value(lab, (double)r->trainer.step, (double)r->settings.steps,
                           "loss", s.loss);
    }
}

void small_run(Lab *lab, SmallRun *r) {
    long long at[RUN_POINTS];
    int points = small_run_steps(r->settings.steps, at);
    small_run_begin(r);
    for (int i = 0; i < points; i++) {
        small_run_to(lab, r, at[i]);
        small_run_add_point(r);
    }
}

void small_run_free(SmallRun *r) {
    if (r->trainer.tape) trainer_free(&r->trainer);
    model_free(&r->model), data_free(&r->data), data_free(&r->held_out_data);
}
