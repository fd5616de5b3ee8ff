// Win rates and judged pairs.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/rlhf.h"
#include "ch05_sft_rlhf/tests/small.h"
#include "ch05_sft_rlhf/win_rate.h"

Test(win_rate, by_hand) {
    double a[] = {1, 1, 0.5, 0}, b[] = {0, 1, 1, 0};
    WinRate w = win_rate_of(a, b, 4);
    cr_assert(w.wins == 1 && w.ties == 2 && w.losses == 1);
    cr_assert_eq(w.rate, 0.5);  // a tie counts one half
    // squares 1, 1/4, 0, 1/4: a variance of 3/8 - 1/4
    cr_assert_float_eq(w.error, sqrt(0.125 / 4), 1e-12);
    cr_assert_float_eq(w.reward[0], 0.625, 1e-12);
    cr_assert_float_eq(w.reward_error[0], sqrt((2.25 / 4 - 0.625 * 0.625) / 4), 1e-12);
}

typedef struct {
    SmallChat world;
    Model a, b;
} Setup;

static void setup_new(Setup *s) {
    enum { CONTEXT = 900 };  // three tales in letters
    small_chat_new(&s->world);
    s->world.from.turns = 1, s->world.from.systems = 0;
    small_chat_model(&s->a, &s->world, CONTEXT, 1);
    small_chat_model(&s->b, &s->world, CONTEXT, 2);
}

static void setup_free(Setup *s) {
    model_free(&s->a), model_free(&s->b);
    small_chat_free(&s->world);
}

// The mean of ln a - ln b over a's answers, both from training passes.
Test(win_rate, kl) {
    static Setup s;
    Error err;
    setup_new(&s);
    enum { COUNT = 12 };
    Questions q = questions_new(&s.world.from, &s.world.chat, COUNT, rng_new(3));
    Rollout out[COUNT];
    const Exchange *list[COUNT];
    double of_a[COUNT], of_b[COUNT], kl = 0;
    Rng rng = rng_new(4);
    WinRate w;
    cr_assert(win_rate(&w, &q, &s.a, &s.b, &s.world.chat, rng, &err), "%s", err.text);
    cr_assert(
        questions_answer(out, &q, &s.a, &s.world.chat, 1, rng_split(&rng, 0), &err));
    for (int i = 0; i < COUNT; i++) list[i] = &out[i].exchange;
    Batch b = exchange_batch(list, COUNT);
    policy_answer_log_probs(of_a, &s.a, &b), policy_answer_log_probs(of_b, &s.b, &b);
    for (int i = 0; i < COUNT; i++) kl += (of_a[i] - of_b[i]) / COUNT;
    cr_assert_float_eq(w.kl, kl, 1e-3);
    cr_assert_gt(w.kl, 0);
    cr_assert(win_rate(&w, &q, &s.a, &s.a, &s.world.chat, rng, &err));
    cr_assert_float_eq(w.kl, 0, 1e-3);
    for (int i = 0; i < COUNT; i++) rollout_free(&out[i]);
    batch_free(&b), questions_free(&q), setup_free(&s);
}

// A judge who never errs chooses no worse answer; one who knows nothing, either.
Test(rlhf, judged_pairs) {
    static Setup s;
    Error err;
    setup_new(&s);
    RlhfPlan plan = rlhf_plan_usual;
    JudgedPairs p;
    plan.sharpness = 1e6;
    cr_assert(
        judged_pairs(&p, &s.a, &s.world.chat, &s.world.story, &plan, 150, false, &err));
    int apart = 0;
    for (int i = 0; i < p.count; i++) {
        const Exchange *c = &p.chosen[i], *r = &p.rejected[i];
        cr_assert_geq(p.gap[i], 0);
        apart += p.gap[i] > 0;
        cr_assert_eq(c->prompt, r->prompt);
        cr_assert_arr_eq(c->ids, r->ids, (size_t)c->prompt * sizeof(int));
    }
    cr_assert_gt(apart, 5);
    judged_pairs_free(&p);
    plan.sharpness = 0;
    cr_assert(
        judged_pairs(&p, &s.a, &s.world.chat, &s.world.story, &plan, 150, false, &err));
    int worse = 0;
    apart = 0;
    for (int i = 0; i < p.count; i++) worse += p.gap[i] < 0, apart += p.gap[i] != 0;
    // 4 binomial standard errors
    cr_assert_leq(fabs(worse - apart / 2.0), 2 * sqrt(apart));
    judged_pairs_free(&p), setup_free(&s);
}

// A cut answer has the declared reward, whoever judges; a finished one its own.
Test(rlhf, rewards_of_cut_answers) {
    static Setup s;
    static RewardModel r;
    Error err;
    setup_new(&s);
    enum { COUNT = 100 };
    Questions q = questions_new(&s.world.from, &s.world.chat, COUNT, rng_new(8));
    Rollout out[COUNT];
    const Exchange *list[COUNT];
    double gold[COUNT], judged[COUNT], own[COUNT];
    cr_assert(questions_answer(out, &q, &s.a, &s.world.chat, 1, rng_new(9), &err));
    for (int i = 0; i < COUNT; i++) list[i] = &out[i].exchange;
    reward_model_of_policy(&r, &s.a, 1);
    Rng rng = rng_new(10);
    rng_fill_normal(&rng, params_value(&r.model->params, r.weight), 1);
    rlhf_rewards(gold, NULL, &q, &s.world.chat, list, COUNT, -7);
    rlhf_rewards(judged, &r, &q, &s.world.chat, list, COUNT, -7);
    reward_model_score(&r, list, COUNT, own);
    int finished = 0;
    for (int i = 0; i < COUNT; i++) {
        bool ended = list[i]->finished;
        finished += ended;
        cr_assert_eq(gold[i],
                     ended ? questions_reward(&q, i, &s.world.chat, list[i]) : -7);
        cr_assert_eq(judged[i], ended ? own[i] : -7);
    }
    cr_assert(finished > 0 && finished < COUNT);
    for (int i = 0; i < COUNT; i++) rollout_free(&out[i]);
    reward_model_free(&r), questions_free(&q), setup_free(&s);
}

// DPO raises the chosen answers against the reference, and leaves the reference alone.
Test(rlhf, dpo_prefers_the_chosen) {
    static Setup s;
    static Model tuned;
    Error err;
    setup_new(&s);
    RlhfPlan plan = rlhf_plan_usual;
    JudgedPairs p;
    plan.dpo_passes = 20, plan.dpo_rate = 3e-3;
    cr_assert(
        judged_pairs(&p, &s.a, &s.world.chat, &s.world.story, &plan, 12, false, &err));
    policy_copy(&tuned, &s.a), params_allocate_grads(&tuned.params);
    uint64_t before = assistant_hash(&s.a);
    rlhf_dpo(&tuned, &s.a, &p, &plan, NULL, NULL);
    cr_assert_eq(assistant_hash(&s.a), before);
    double gain = 0;
    for (int i = 0; i < p.count; i++) {
        const Exchange *list[] = {&p.chosen[i], &p.rejected[i]};
        Batch b = exchange_batch(list, 2);
        double now[2], then[2];
        policy_answer_log_probs(now, &tuned, &b),
            policy_answer_log_probs(then, &s.a, &b);
        gain += (now[0] - then[0]) - (now[1] - then[1]);
        batch_free(&b);
    }
    cr_assert_gt(gain / p.count, 0.5);
    model_free(&tuned), judged_pairs_free(&p), setup_free(&s);
}
