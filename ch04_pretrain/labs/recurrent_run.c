#include "ch04_pretrain/labs/recurrent_run.h"

#include "ch03_transformer/clip.h"
#include "ch03_transformer/schedule.h"

void recurrent_run_new(RecurrentRun *r, const SmallRun *run, CellKind cell,
                       int channels, bool backward) {
    Rng rng = rng_new(run->seed + (uint64_t)backward);
    r->backward = backward;
    recurrent_new(&r->net, cell, run->data.vocabulary, channels, &rng);
    r->optimiser = optimiser_new(&r->net.params, (OptimiserSettings){OPTIMISER_ADAM});
    r->tape = tape_new(&r->net.params);
}

void recurrent_run_free(RecurrentRun *r) {
    tape_free(r->tape), optimiser_free(&r->optimiser), recurrent_free(&r->net);
}

// Inputs x_0 .. x_{T-1} and targets x_1 .. x_T become x_T .. x_1 and x_{T-1} .. x_0.
static void turn_round(Batch *b) {
    for (int n = 0; n < b->rows; n++) {
        int *in = b->tokens + n * b->time, *target = b->targets + n * b->time;
        for (int i = 0, j = b->time - 1; i <= j; i++, j--) {
            int in_i = in[i], in_j = in[j];
            in[i] = target[j], in[j] = target[i];
            target[i] = in_j, target[j] = in_i;
        }
    }
}

Batch recurrent_run_batch(const RecurrentRun *r, const SmallRun *run, Data *d,
                          long long n, int rows) {
    Batch b = objective_batch_new(&run->objective, rows, run->time);
    objective_fill(&b, &run->objective, d, n);
    if (r->backward) turn_round(&b);
    return b;
}

double recurrent_run_held_out(RecurrentRun *r, SmallRun *run, int rows) {
    Batch b = recurrent_run_batch(r, run, &run->held_out_data, 0, rows);
    Node *loss = recurrent_loss(r->tape, &r->net, b.tokens, b.targets, b.rows, b.time);
    double value = (double)*loss->value.at;
    tape_reset(r->tape), batch_free(&b);
    return value;
}

void recurrent_run_step(RecurrentRun *r, SmallRun *run, long long step) {
    const TrainSettings *s = &run->settings;
    Schedule schedule = {s->rate, s->last_rate, s->warmup, s->steps};
    Batch b = recurrent_run_batch(r, run, &run->data, step * s->batch, s->batch);
    tape_backward(
        r->tape, recurrent_loss(r->tape, &r->net, b.tokens, b.targets, b.rows, b.time));
    params_clip(&r->net.params, s->clip);
    optimiser_step(&r->optimiser, &r->net.params, schedule_rate(&schedule, step + 1));
    params_zero_grads(&r->net.params);
    tape_reset(r->tape), batch_free(&b);
}
