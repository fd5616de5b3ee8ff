#include "ch04_pretrain/trainer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/clip.h"
#include "ch03_transformer/schedule.h"

enum { GROW_AFTER = 2000 };  // good steps, as in Micikevicius et al.

// The rows of a part that are this process's: from the first to the first of the next.
static int first_row(const Team *team, int batch, int rank) {
    return (int)team_piece(team, (size_t)batch, rank);
}
static int rows_here(const Team *team, int batch) {
    int rank = team_rank(team);
    return first_row(team, batch, rank + 1) - first_row(team, batch, rank);
}

// What this process's steps are made of: all of the model, or its part.
static Params *part_here(const Trainer *t) {
    return t->shard ? &t->shard->part : &t->model->params;
}

static Optimiser optimiser_of(const Params *p, const TrainSettings *s) {
    return optimiser_new(p, (OptimiserSettings){.kind = OPTIMISER_ADAMW,
                                                .beta2 = s->beta2 ? s->beta2 : 0.99,
                                                .decay = s->decay});
}

static void begin_shard(Trainer *t, int zero) {
    t->shard = allocate(1, sizeof *t->shard);
    *t->shard = shard_new(&t->model->params, t->team, zero);
    if (zero == 2) shard_listen(t->shard, t->tape);
}

Trainer trainer_new_in_team(Model *m, Data *d, TrainSettings settings,
                            ObjectiveSettings objective, Team *team, int zero) {
    assert(settings.batch >= team_count(team) && settings.accumulate >= 1);
    assert((m->params.grads || zero == 2) && !(zero && settings.loss_scale));
    Trainer t = {.settings = settings,
                 .objective = objective,
                 .model = m,
                 .data = d,
                 .team = team,
                 .tape = tape_new(&m->params)};
    if (zero) begin_shard(&t, zero);
    t.optimiser = optimiser_of(part_here(&t), &settings);
    t.scale = (LossScale){settings.loss_scale ? settings.loss_scale : 1, 0, GROW_AFTER};
    if (settings.precision != PRECISION_FP32)
        t.masters = allocate(m->params.size, sizeof(real));
    t.parts = allocate((size_t)settings.accumulate, sizeof *t.parts);
    for (int a = 0; a < settings.accumulate; a++)
        t.parts[a] =
            objective_batch_new(&objective, rows_here(team, settings.batch), d->time);
    return t;
}

Trainer trainer_new(Model *m, Data *d, TrainSettings settings,
                    ObjectiveSettings objective) {
    return trainer_new_in_team(m, d, settings, objective, NULL, 0);
}

void trainer_free(Trainer *t) {
    for (int a = 0; a < t->settings.accumulate; a++) batch_free(&t->parts[a]);
    if (t->shard) shard_free(t->shard);
    free(t->parts), free(t->masters), free(t->shard);
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

// Dropout's draws of one part: a function of the step, so that a resumed run repeats
// it; other draws in each process.
static uint64_t seed_of_part(const Trainer *t, int part) {
    Rng root = rng_new(t->settings.seed);
    Rng stream = rng_split(&root, (uint64_t)(t->step * t->settings.accumulate + part));
    if (team_rank(t->team)) stream = rng_split(&stream, (uint64_t)team_rank(t->team));
    return rng_bits(&stream);
}

static int zero_of(const Trainer *t) { return t->shard ? t->shard->stage : 0; }

// A batch without a target makes no gradient; in a team that adds up gradients as they
// are made (stage 2) it takes part all the same.
static void add_nothing(Trainer *t) {
    if (zero_of(t) == 2) shard_add_nothing(t->shard);
}

// The gradient of all parts, in Params.grads.
static void add_gradients(Trainer *t, StepResult *r) {
    for (int a = 0; a < t->settings.accumulate; a++)
        if (t->parts[a].counted)
            r->loss += accumulate(t, &t->parts[a],
                                  (double)t->parts[a].counted / (double)r->counted,
                                  seed_of_part(t, a));
        else add_nothing(t);
}

// The sum of all processes' gradients; of sharded ones, each gets its part.
static void share_gradients(Trainer *t, StepResult *r) {
    Params *p = &t->model->params;
    team_sum_doubles(t->team, &r->loss, 1);
    if (!t->shard) team_sum(t->team, p->grads, p->grad_size);
    else if (t->shard->stage == 1) shard_add_up(t->shard);
}

// The same where numbers have 16 bits: of rounded weights, rounded itself.
static void add_rounded_gradients(Trainer *t, StepResult *r) {
    Params *p = &t->model->params, *here = part_here(t);
    Mat values = mat_view(p->values, 1, (int)p->size);
    memcpy(t->masters, p->values, p->size * sizeof *p->values);
    mat_round(values, t->settings.precision);
    add_gradients(t, r);
    memcpy(p->values, t->masters, p->size * sizeof *p->values);
    share_gradients(t, r);
    mat_round(mat_view(here->grads, 1, (int)here->grad_size), t->settings.precision);
}

// The length of the whole gradient; here: this process's part.
static double grad_norm(Trainer *t, Params *here) {
    double norm = params_grad_norm(here), squares = norm * norm;
    if (t->shard) {
        team_sum_doubles(t->team, &squares, 1);
        norm = sqrt(squares);
    }
    return norm;
}

static void clear_gradients(Trainer *t, Params *here) {
    params_zero_grads(zero_of(t) == 2 ? here : &t->model->params);
}

// Clips, steps, and leaves no gradients. Where a process has all of them that is one pass
// over memory, unless a float could not hold the factor.
static void update(Trainer *t, Params *here, const StepResult *r) {
    double most = t->settings.clip ? t->settings.clip : INFINITY,
           factor = clip_factor(r->grad_norm, most);
    if (!t->shard && factor > 0x1p-100) {
        optimiser_step_clear(&t->optimiser, here, r->rate, factor);
        return;
    }
    params_shorten(here, r->grad_norm, most);
    optimiser_step(&t->optimiser, here, r->rate);
    if (t->shard) shard_share_values(t->shard);
    clear_gradients(t, here);
}

StepResult trainer_step(Trainer *t) {
    const TrainSettings *s = &t->settings;
    Params *p = &t->model->params, *here = part_here(t);
    StepResult r = {.counted = fill_parts(t)};
    if (t->masters) add_rounded_gradients(t, &r);
    else add_gradients(t, &r), share_gradients(t, &r);
    // before clipping, which must see the true length
    if (s->loss_scale && r.counted) r.overflowed = !loss_scale_remove(&t->scale, p);
    Schedule schedule = {s->rate, s->last_rate, s->warmup, s->steps};
    r.rate = schedule_rate(&schedule, t->step + 1);
    r.grad_norm = grad_norm(t, here);
    if (r.counted && isfinite(r.loss) && isfinite(r.grad_norm)) update(t, here, &r);
    else clear_gradients(t, here);
    t->step++;
    t->tokens += (long long)s->batch * s->accumulate * t->data->time;
    return r;
}
