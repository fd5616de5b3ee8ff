#include "ch05_sft_rlhf/rlhf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/dpo.h"
#include "common/numeric/small.h"

const RlhfPlan rlhf_plan_usual = {.questions = 3000,
                                  .turns = 3,
                                  .sharpness = 8,
                                  .batch = 64,
                                  .pairs = 8,
                                  .reward_rate = 2e-3,
                                  .beta = 1,
                                  .ppo_steps = 40,
                                  .ppo_epochs = 2,
                                  .ppo_rate = 7e-4,
                                  .dpo_passes = 1,
                                  .dpo_rate = 4e-4,
                                  .cut_off = -6,
                                  .seed = 1};

enum { STREAM_QUESTIONS, STREAM_HELD_OUT, STREAM_PPO };

static Rng stream(const RlhfPlan *plan, int of) {
    Rng root = rng_new(plan->seed);
    return rng_split(&root, (uint64_t)of);
}

static Instructions questions_of(const Story *s, const RlhfPlan *plan, bool held_out) {
    Instructions from = instructions_for_training(s);
    from.turns = plan->turns, from.systems = 0, from.held_out = held_out;
    return from;
}

// ---- pairs

static bool same(const Exchange *a, const Exchange *b) {
    return a->length == b->length && a->finished == b->finished
           && memcmp(a->ids, b->ids, (size_t)a->length * sizeof *a->ids) == 0;
}

// Takes both answers' ids.
static void judge(JudgedPairs *p, Exchange a, Exchange b, double gap, double sharpness,
                  Rng *rng) {
    bool first = rng_uniform(rng) < 1 / (1 + exp(-sharpness * gap));
    p->chosen[p->count] = first ? a : b;
    p->rejected[p->count] = first ? b : a;
    p->gap[p->count++] = first ? gap : -gap;
}

static void judge_all(JudgedPairs *p, const Questions *q, const ChatTemplate *chat,
                      Rollout *const *answers, double sharpness, Rng *rng) {
    for (int i = 0; i < q->count; i++) {
        Exchange *e[2] = {&answers[0][i].exchange, &answers[1][i].exchange};
        if (same(e[0], e[1])) continue;
        double gap =
            questions_reward(q, i, chat, e[0]) - questions_reward(q, i, chat, e[1]);
        judge(p, *e[0], *e[1], gap, sharpness, rng);
        *e[0] = *e[1] = (Exchange){0};
    }
}

bool judged_pairs(JudgedPairs *p, const Model *sft, const ChatTemplate *chat,
                  const Story *s, const RlhfPlan *plan, int questions, bool held_out,
                  Error *err) {
    Rng rng = stream(plan, held_out ? STREAM_HELD_OUT : STREAM_QUESTIONS);
    Instructions from = questions_of(s, plan, held_out);
    size_t n = (size_t)questions;
    *p = (JudgedPairs){allocate(n, sizeof *p->chosen), allocate(n, sizeof *p->rejected),
                       allocate(n, sizeof *p->gap), 0};
    Questions q = questions_new(&from, chat, questions, rng);
    Rollout *answers[2];
    bool ok = true;
    for (int k = 0; k < 2; k++) {
        answers[k] = allocate(n, sizeof *answers[k]);
        ok = ok
             && questions_answer(answers[k], &q, sft, chat, 1,
                                 rng_split(&rng, (uint64_t)(questions + k)), err);
    }
    if (ok) judge_all(p, &q, chat, answers, plan->sharpness, &rng);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < questions; i++) rollout_free(&answers[k][i]);
        free(answers[k]);
    }
    questions_free(&q);
    return ok;
}

void judged_pairs_free(JudgedPairs *p) {
    for (int i = 0; i < p->count; i++)
        exchange_free(&p->chosen[i]), exchange_free(&p->rejected[i]);
    free(p->chosen), free(p->rejected), free(p->gap);
    *p = (JudgedPairs){0};
}

// ---- the reward model

static RewardPair *pairs_of(const JudgedPairs *p) {
    RewardPair *pairs = allocate((size_t)p->count + 1, sizeof *pairs);
    for (int i = 0; i < p->count; i++)
        pairs[i] = (RewardPair){&p->chosen[i], &p->rejected[i], 0, REWARD_HELPFULNESS};
    return pairs;
}

// Falls to nothing over `steps` steps; k counts from 0.
static double falling(double rate, int k, int steps) {
    return rate * (1 - (double)k / steps);
}

// So that answers of the policy it begins with are worth 0 on average.
static void centre(RewardModel *r, const JudgedPairs *p) {
    const Exchange **list = allocate(2 * (size_t)p->count + 1, sizeof *list);
    int n = 0;
    for (int i = 0; i < p->count; i++) {
        if (p->chosen[i].finished) list[n++] = &p->chosen[i];
        if (p->rejected[i].finished) list[n++] = &p->rejected[i];
    }
    if (n) reward_model_centre(r, list, n);
    free(list);
}

void rlhf_reward(RewardModel *r, const Model *sft, const JudgedPairs *pairs,
                 const RlhfPlan *plan, StageProgress *progress, void *self) {
    reward_model_of_policy(r, sft, 1);
    RewardTrainer t = reward_trainer_new(r);
    RewardPair *list = pairs_of(pairs);
    int steps = ceil_div(pairs->count, plan->pairs);
    for (int k = 0; k < steps; k++) {
        int n = int_min(plan->pairs, pairs->count - k * plan->pairs);
        double loss = reward_trainer_step(&t, list + (size_t)k * plan->pairs, n,
                                          falling(plan->reward_rate, k, steps));
        if (progress) progress(self, k + 1, steps, loss);
    }
    free(list), reward_trainer_free(&t);
    centre(r, pairs);
}

double rlhf_accuracy(const RewardModel *r, const JudgedPairs *pairs) {
    RewardPair *list = pairs_of(pairs);
    double *deltas = allocate((size_t)pairs->count + 1, sizeof *deltas), right = 0;
    reward_pair_deltas(r, list, pairs->count, deltas);
    for (int i = 0; i < pairs->count; i++)
        right += deltas[i] > 0 ? 1 : deltas[i] == 0 ? 0.5 : 0;
    free(list), free(deltas);
    return pairs->count ? right / pairs->count : NAN;
}

// ---- PPO

void rlhf_rewards(double *rewards, const RewardModel *r, const Questions *q,
                  const ChatTemplate *chat, const Exchange *const *answers, int count,
                  double cut_off) {
    if (r) reward_model_score(r, answers, count, rewards);
    for (int i = 0; i < count; i++)
        if (!answers[i]->finished) rewards[i] = cut_off;
        else if (!r) rewards[i] = questions_reward(q, i, chat, answers[i]);
}

bool rlhf_ppo_batch(Ppo *p, const RewardModel *r, const ChatTemplate *chat,
                    const Story *s, const RlhfPlan *plan, Rng rng, double rate,
                    PpoStep *result, Error *err) {
    size_t n = (size_t)plan->batch;
    Instructions from = questions_of(s, plan, false);
    Questions q = questions_new(&from, chat, plan->batch, rng);
    Rollout *answers = allocate(n, sizeof *answers);
    const Exchange **list = allocate(n, sizeof *list);
    double *rewards = allocate(n, sizeof *rewards);
    bool ok =
        questions_answer(answers, &q, p->policy, chat, 1, rng_split(&rng, n), err);
    for (int i = 0; i < plan->batch; i++) list[i] = &answers[i].exchange;
    if (ok) {
        rlhf_rewards(rewards, r, &q, chat, list, plan->batch, plan->cut_off);
        ok = rewards_check(rewards, plan->batch, err);
    }
    if (ok) *result = ppo_step(p, list, rewards, plan->batch, NULL, rate);
    for (int i = 0; i < plan->batch; i++) rollout_free(&answers[i]);
    free(answers), free(list), free(rewards), questions_free(&q);
    return ok;
}

bool rlhf_ppo(Model *m, const Model *sft, const RewardModel *r,
              const ChatTemplate *chat, const Story *s, const RlhfPlan *plan,
              StageProgress *progress, void *self, Error *err) {
    static Critic critic;
    Rng rng = stream(plan, STREAM_PPO);
    PpoSettings settings = ppo_defaults();
    settings.beta = plan->beta, settings.epochs = plan->ppo_epochs;
    critic_new(&critic, sft);
    Ppo p = ppo_new(m, sft, &critic, settings);
    bool ok = true;
    for (int k = 0; k < plan->ppo_steps && ok; k++) {
        PpoStep at = {0};
        ok = rlhf_ppo_batch(&p, r, chat, s, plan, rng_split(&rng, (uint64_t)k),
                            falling(plan->ppo_rate, k, plan->ppo_steps), &at, err);
        if (progress) progress(self, k + 1, plan->ppo_steps, at.reward);
    }
    ppo_free(&p), critic_free(&critic);
    return ok;
}

// ---- DPO

void rlhf_dpo(Model *m, const Model *sft, const JudgedPairs *pairs,
              const RlhfPlan *plan, StageProgress *progress, void *self) {
    Dpo d = dpo_new(m, sft, (PreferenceSettings){PREFERENCE_DPO, plan->beta, 0},
                    (OptimiserSettings){.kind = OPTIMISER_ADAM, .beta2 = 0.99});
    int per_pass = ceil_div(pairs->count, plan->pairs);
    int steps = per_pass * plan->dpo_passes;
    const Exchange **list = allocate(2 * (size_t)plan->pairs, sizeof *list);
    for (int k = 0; k < steps; k++) {
        int first = k % per_pass * plan->pairs;
        int n = int_min(plan->pairs, pairs->count - first);
        for (int i = 0; i < n; i++)
            list[i] = &pairs->chosen[first + i],
            list[plan->pairs + i] = &pairs->rejected[first + i];
        DpoBatch b = dpo_batch(&d, list, list + plan->pairs, n);
        double loss = dpo_step(&d, &b, falling(plan->dpo_rate, k, steps)).loss;
        dpo_batch_free(&b);
        if (progress) progress(self, k + 1, steps, loss);
    }
    free(list), dpo_free(&d);
}
