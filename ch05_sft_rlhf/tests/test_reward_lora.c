// A reward model whose body is frozen beside adapters: its scores, what learns, its file.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/bradley_terry.h"
#include "ch05_sft_rlhf/lora_file.h"
#include "ch05_sft_rlhf/reward_trainer.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { PAIRS = 3, ANSWERS = 2 * PAIRS };

typedef struct {
    Model policy;
    RewardModel plain, adapted;  // adapted.model: lora's
    Lora lora;
    Exchange own[ANSWERS];
    const Exchange *list[ANSWERS];
    RewardPair pairs[PAIRS];
} Setup;

static void setup_new(Setup *s, LoraSettings settings) {
    Error err;
    Rng rng = rng_new(5);
    small_model(&s->policy, 1);
    reward_model_of_policy(&s->plain, &s->policy, 1);
    rng_fill_normal(&rng, params_value(&s->plain.model->params, s->plain.weight), 1);
    cr_assert(lora_new(&s->lora, s->plain.model, settings, &rng, &err), "%s", err.text);
    s->adapted = s->plain, s->adapted.model = &s->lora.model;
    for (int i = 0; i < ANSWERS; i++)
        s->own[i] = small_exchange(&rng, 3, 1 + i, true), s->list[i] = &s->own[i];
    for (int i = 0; i < PAIRS; i++)
        s->pairs[i] = (RewardPair){s->list[2 * i], s->list[2 * i + 1], 0, 0};
}

static void setup_free(Setup *s) {
    lora_free(&s->lora), reward_model_free(&s->plain), model_free(&s->policy);
    for (int i = 0; i < ANSWERS; i++) exchange_free(&s->own[i]);
}

// B is no longer zeros.
static void disturb(Lora *l) {
    Rng rng = rng_new(12);
    for (int i = 0; i < l->count; i++)
        rng_fill_normal(&rng, params_value(&l->model.params, l->adapters[i].b), 0.1);
}

static double furthest(const double *a, const double *b) {
    double most = 0;
    for (int i = 0; i < ANSWERS; i++) most = fmax(most, fabs(a[i] - b[i]));
    return most;
}

static void score(const Setup *s, const RewardModel *r, double *to) {
    reward_model_score(r, s->list, ANSWERS, to);
}

Test(reward_lora, begins_with_the_same_scores) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        double plain[ANSWERS], with[ANSWERS];
        setup_new(&s, (LoraSettings){.rank = 4, .dora = dora});
        score(&s, &s.plain, plain), score(&s, &s.adapted, with);
        cr_assert_eq(furthest(plain, with), 0);
        setup_free(&s);
    }
}

// alpha 16 at rank 4: merged equals unmerged, and is not what alpha = rank would give.
Test(reward_lora, merged_scores_are_the_unmerged_ones) {
    const LoraSettings all[] = {{.rank = 4, .alpha = 16},
                                {.rank = 4, .alpha = 16, .dora = true},
                                {.rank = 4, .alpha = 16, .int8 = true}};
    for (int k = 0; k < 3; k++) {
        Setup s;
        Model merged;
        double with[ANSWERS], plain[ANSWERS], other[ANSWERS];
        setup_new(&s, all[k]);
        disturb(&s.lora);
        lora_merge(&merged, &s.lora);
        cr_assert_eq(merged.params.size, s.plain.model->params.size);
        RewardModel whole = s.plain;
        whole.model = &merged;
        score(&s, &s.adapted, with), score(&s, &whole, plain);
        // sums of some hundred products, each rounded once: in float measured 1e-6 to 5e-6
        cr_assert_lt(furthest(with, plain), sizeof(real) == 8 ? 1e-12 : 2e-5);
        for (int i = 0; i < s.lora.count; i++) s.lora.adapters[i].scale = 1;
        score(&s, &s.adapted, other);
        cr_assert_gt(furthest(with, other), 0.01);
        model_free(&merged), setup_free(&s);
    }
}

static Node *preference_loss(Tape *t, void *context) {
    const Setup *s = context;
    static const double margins[PAIRS] = {0, 0.5, 1};
    Batch b = exchange_batch(s->list, ANSWERS);
    Node *scores = reward_model_scores(t, &s->adapted, &b);
    Node *loss = bradley_terry_node(t, scores, margins);
    batch_free(&b);
    return loss;
}

Test(reward_lora, gradients) {
    for (int dora = 0; dora < 2; dora++) {
        Setup s;
        setup_new(&s, (LoraSettings){.rank = 4, .dora = dora});
        disturb(&s.lora);
        double error = gradient_error(&s.lora.model.params, preference_loss, &s, 6);
        cr_assert_leq(error, gradient_tolerance(), "%d: %g", dora, error);
        setup_free(&s);
    }
}

// The body has no gradient at all, and keeps its bits; adapters and head are what learns.
Test(reward_lora, only_adapters_and_the_head_move) {
    Setup s;
    setup_new(&s, (LoraSettings){.rank = 2});
    const Params *p = &s.lora.model.params, *plain = &s.plain.model->params;
    size_t learnt = s.policy.config.channels;  // the head's
    for (int i = 0; i < s.lora.base; i++) cr_assert_null(params_grad(p, i).at);
    cr_assert_null(params_grad(p, s.adapted.bias).at);
    cr_assert_not_null(params_grad(p, s.adapted.weight).at);
    for (int i = 0; i < s.lora.count; i++)
        learnt += param_size(&p->list[s.lora.adapters[i].a])
                  + param_size(&p->list[s.lora.adapters[i].b]);
    cr_assert_eq(p->grad_size, learnt);
    RewardTrainer t = reward_trainer_new(&s.adapted);
    cr_assert_eq(t.optimiser.size, learnt);
    double first = reward_trainer_step(&t, s.pairs, PAIRS, 0.01), loss = first;
    for (int i = 0; i < 30; i++) loss = reward_trainer_step(&t, s.pairs, PAIRS, 0.01);
    cr_assert_lt(loss, first / 2);
    size_t body = plain->list[s.plain.weight].first;
    cr_assert_arr_eq(p->values, plain->values, body * sizeof(real));
    cr_assert_neq(*params_value(p, s.adapted.weight).at,
                  *params_value(plain, s.plain.weight).at);
    reward_trainer_free(&t), setup_free(&s);
}

// A file has adapters and head, and belongs to the policy that the model was made of.
Test(reward_lora, a_file_gives_the_same_scores) {
    Setup s;
    RewardModel bare;
    Lora again;
    Stage stage;
    char *made, path[] = "/tmp/course-reward-lora-XXXXXX";
    double before[ANSWERS], after[ANSWERS];
    Error err;
    setup_new(&s, (LoraSettings){.rank = 3, .dora = true});
    disturb(&s.lora);
    reward_model_centre(&s.adapted, s.list, ANSWERS);
    score(&s, &s.adapted, before);
    close(mkstemp(path));
    uint64_t hash = assistant_hash(&s.policy);
    cr_assert(lora_save(path, &s.lora, hash, STAGE_REWARD, "here", &err));
    cr_assert(lora_stage(&stage, path, &err) && stage == STAGE_REWARD);
    reward_model_of_policy(&bare, &s.policy, 1);
    cr_assert(lora_load(&again, path, bare.model, hash, &made, &err), "%s", err.text);
    RewardModel r = bare;
    r.model = &again.model;
    score(&s, &r, after);
    // a file has 32 bits of a number
    cr_assert_leq(furthest(before, after), sizeof(real) == 4 ? 0 : 1e-5);
    cr_assert_str_eq(made, "here");
    free(made), lora_free(&again);
    cr_assert_not(lora_load(&again, path, bare.model, hash + 1, &made, &err));
    cr_assert(strstr(err.text, "an adapter of model"), "%s", err.text);
    // a language model has no head for a score
    cr_assert_not(lora_load(&again, path, &s.policy, hash, &made, &err));
    unlink(path);
    reward_model_free(&bare), setup_free(&s);
}
