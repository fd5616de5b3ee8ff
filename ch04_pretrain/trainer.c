#include "ch04_pretrain/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/clip.h"

enum { GROW_AFTER = 2000 };  // good steps, as in Micikevicius et al.

// The rows of a part that are this process's: from the first to the first of the next.
static int first_row(const Team *team, int batch, int rank) {
    return (int)team_piece(team, (size_t)batch, rank);
}
static int rows_here(const Team *team, int batch) {
    int rank = team_rank(team);
    return first_row(team, batch, rank + 1) - first_row(team, batch, rank);
}

Trainer trainer_new_in_team(Model *m, Data *d, TrainSettings settings,
                            ObjectiveSettings objective, Team *team, bool sharded) {
    assert(settings.batch >= team_count(team) && settings.accumulate >= 1
           && m->params.grads);
    assert(!(sharded && settings.loss_scale));
    Trainer t = {.settings = settings,
                 .objective = objective,
                 .model = m,
                 .data = d,
                 .team = team,
                 .sharded = sharded};
    size_t size = m->params.size;
    if (sharded)
        t.shard = shard_of(&m->params, team_piece(team, size, team_rank(team)),
                           team_piece(team, size, team_rank(team) + 1));
    t.optimiser = optimiser_new(
        sharded ? &t.shard : &m->params,
        (OptimiserSettings){.kind = OPTIMISER_ADAMW,
                            .beta2 = settings.beta2 ? settings.beta2 : 0.99,
                            .decay = settings.decay});
    t.scale = (LossScale){settings.loss_scale ? settings.loss_scale : 1, 0, GROW_AFTER};
    if (settings.precision != PRECISION_FP32)
        t.masters = allocate(m->params.size, sizeof(real));
    t.tape = tape_new(&m->params);
    t.parts = allocate((size_t)settings.accumulate, sizeof *t.parts);
    for (int a = 0; a < settings.accumulate; a++)
        t.parts[a] =
            objective_batch_new(&objective, rows_here(team, settings.batch), d->time);
    return t;
}

Trainer trainer_new(Model *m, Data *d, TrainSettings settings,
                    ObjectiveSettings objective) {
    return trainer_new_in_team(m, d, settings, objective, NULL, false);
}

void trainer_free(Trainer *t) {
    for (int a = 0; a < t->settings.accumulate; a++) batch_free(&t->parts[a]);
    free(t->parts), free(t->masters), shard_free(&t->shard);
    tape_free(t->tape), optimiser_free(&t->optimiser);
    *t = (Trainer){0};
}

// The batches of this step, and how many targets they have together, in all processes.
static long long fill_parts(Trainer *t) {
    const TrainSettings *s = &t->settings;
    int first = first_row(t->team, s->batch, team_rank(t->team));
    double counted = 0;
    for (int a = 0; a < s->accumulate; a++) {
        long long n = (t->step * s->accumulate + a) * s->batch;
        objective_fill(&t->parts[a], &t->objective, t->data, n + first);
        counted += (double)t->parts[a].counted;
    }
    team_sum_doubles(t->team, &counted, 1);  // whole numbers: exact
    return (long long)counted;
}

// Adds one part's share of the step's gradient; returns its share of the step's loss.
static double accumulate(Trainer *t, const Batch *part, double share, uint64_t seed) {
    tape_training(t->tape, true, seed);
    Node *loss = scale(
        t->tape,
        objective_loss_smoothed(t->tape, t->model, part, t->settings.smoothing), share);
    double value = (double)*loss->value.at;
    tape_backward(t->tape, scale(t->tape, loss, t->scale.scale));
    tape_reset(t->tape);
    return value;
}

// Dropout's draws of one part: a function of the step, so that a resumed run repeats it;
// other draws in each process.
static uint64_t seed_of_part(const Trainer *t, int part) {
    Rng root = rng_new(t->settings.seed);
    Rng stream = rng_split(&root, (uint64_t)(t->step * t->settings.accumulate + part));
    if (team_rank(t->team)) stream = rng_split(&stream, (uint64_t)team_rank(t->team));
    return rng_bits(&stream);
}

// The gradient of all parts, in Params.grads.
static void add_gradients(Trainer *t, StepResult *r) {
    for (int a = 0; a < t->settings.accumulate; a++)
        if (t->parts[a].counted)
            r->loss += accumulate(t, &t->parts[a],
                                  (double)t->parts[a].counted / (double)r->counted,
                                  seed_of_part(t, a));
}

// The sum of all processes' gradients; of sharded ones, each gets its part.
static void share_gradients(Trainer *t, StepResult *r) {
    Params *p = &t->model->params;
    team_sum_doubles(t->team, &r->loss, 1);
    if (t->sharded) team_reduce_scatter(t->team, p->grads, p->grad_size);
    else team_sum(t->team, p->grads, p->grad_size);
}

// The same where numbers have 16 bits: of rounded weights, rounded itself.
static void add_rounded_gradients(Trainer *t, StepResult *r) {
    Params *p = &t->model->params;
    Mat values = mat_view(p->values, 1, (int)p->size);
    memcpy(t->masters, p->values, p->size * sizeof *p->values);
    mat_round(values, t->settings.precision);
    add_gradients(t, r);
    memcpy(p->values, t->masters, p->size * sizeof *p->values);
    share_gradients(t, r);
    mat_round(mat_view(p->grads, 1, (int)p->grad_size), t->settings.precision);
}

// The length of the whole gradient; here: this process's part.
static double grad_norm(Trainer *t, Params *here) {
    double norm = params_grad_norm(here), squares = norm * norm;
    if (t->sharded) {
        team_sum_doubles(t->team, &squares, 1);
        norm = sqrt(squares);
    }
    return norm;
}

// Clips, steps, and leaves no gradients. Where a process has all of them that is one pass
// over memory, unless a float could not hold the factor.
static void update(Trainer *t, Params *here, const StepResult *r) {
    double most = t->settings.clip ? t->settings.clip : INFINITY,
           factor = clip_factor(r->grad_norm, most);
    if (!t->sharded && factor > 0x1p-100) {
        optimiser_step_clear(&t->optimiser, here, r->rate, factor);
        return;
    }
    params_shorten(here, r->grad_norm, most);
    optimiser_step(&t->optimiser, here, r->rate);
    if (t->sharded)
        team_gather(t->team, t->model->params.values, t->model->params.size);
    params_zero_grads(&t->model->params);
}

StepResult trainer_step(Trainer *t) {
    const TrainSettings *s = &t->settings;
    Params *p = &t->model->params, *here = t->sharded ? &t->shard : p;
    StepResult r = {.counted = fill_parts(t)};
    if (t->masters) add_rounded_gradients(t, &r);
    else add_gradients(t, &r), share_gradients(t, &r);
    // before clipping, which must see the true length
    if (s->loss_scale && r.counted) r.overflowed = !loss_scale_remove(&t->scale, p);
    Schedule schedule = {s->rate, s->last_rate, s->warmup, s->steps};
    r.rate = schedule_rate(&schedule, t->step + 1);
    r.grad_norm = grad_norm(t, here);
    if (r.counted && isfinite(r.loss) && isfinite(r.grad_norm)) update(t, here, &r);
    else params_zero_grads(p);
    t->step++;
    t->tokens += (long long)s->batch * s->accumulate * t->data->time;
    return r;
}
