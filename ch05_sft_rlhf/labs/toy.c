#include "ch05_sft_rlhf/labs/toy.h"

#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/learner.h"

ToyPlan toy_plan(long long steps, uint64_t seed) {
    return (ToyPlan){.layers = 2,
                     .channels = 32,
                     .rows = 32,
                     .steps = steps,
                     .rate = 4e-3,
                     .seed = seed};
}

static void make_model(Model *m, const Toy *toy, const ToyPlan *plan) {
    enum { HEAD = 16 };
    int heads = plan->channels / HEAD;
    Config c = config_small_llama(toy->ids, toy->longest, plan->channels, plan->layers,
                                  heads, heads);
    c.hidden = ffn_hidden(c.ffn, plan->channels, 32);
    c.init = INIT_XAVIER;
    Error err;
    Rng rng = rng_new(plan->seed);
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

static Batch batch_drawn(const Toy *toy, bool held_out, int rows, const Rng *rng) {
    Exchange *own = allocate((size_t)rows, sizeof *own);
    const Exchange **list = allocate((size_t)rows, sizeof *list);
    for (int i = 0; i < rows; i++) {
        Rng each = rng_split(rng, (uint64_t)i);
        own[i] = toy->draw(toy->self, held_out, &each);
        list[i] = &own[i];
    }
    Batch b = exchange_batch(list, rows);
    for (int i = 0; i < rows; i++) exchange_free(&own[i]);
    free(own), free(list);
    return b;
}

void toy_train(Model *m, const Toy *toy, const ToyPlan *plan) {
    make_model(m, toy, plan);
    Learner l = learner_new(m, (LearnerSettings){.rate = plan->rate,
                                                 .last_rate = plan->rate / 20,
                                                 .warmup = plan->steps / 20,
                                                 .steps = plan->steps,
                                                 .clip = 1,
                                                 .beta2 = 0.98});
    Rng rng = rng_new(plan->seed);
    while (l.step < plan->steps) {
        Rng own = rng_split(&rng, (uint64_t)l.step);
        Batch b = batch_drawn(toy, false, plan->rows, &own);
        learner_step(&l, objective_loss(l.tape, m, &b));
        batch_free(&b);
        if (plan->look && (l.step % plan->every == 0 || l.step == plan->steps))
            plan->look(plan->self, m, l.step);
    }
    learner_free(&l);
}

// An answer is right when each of its ids is the most likely one after the right ones
// before it: greedy decoding writes just this answer.
double toy_right(const Model *m, const Toy *toy, bool held_out, int count, Rng rng) {
    Batch b = batch_drawn(toy, held_out, count, &rng);
    Tape *t = tape_new((Params *)&m->params);
    Mat log_probs = mat_new(b.rows, b.time), first = mat_new(b.rows, b.time);
    objective_predictions(log_probs, first, t, m, &b);
    int right = 0;
    for (int r = 0; r < b.rows; r++) {
        bool all = true;
        for (int i = 0; i < b.time; i++)
            if (b.targets[(size_t)r * b.time + i] >= 0) all &= *mat_at(first, r, i) > 0;
        right += all;
    }
    mat_free(log_probs), mat_free(first), tape_free(t), batch_free(&b);
    return (double)right / count;
}
