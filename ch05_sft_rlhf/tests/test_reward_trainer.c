// A step of a reward model on pairs: its first loss, its margins, its heads.
#include <criterion/criterion.h>
#include <math.h>

#include "ch05_sft_rlhf/bradley_terry.h"
#include "ch05_sft_rlhf/reward_trainer.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { PAIRS = 4 };

typedef struct {
    Model policy;
    RewardModel reward;
    RewardTrainer trainer;
    Exchange own[2 * PAIRS];
    RewardPair pairs[PAIRS];
} Setup;

static void setup_new(Setup *s, int heads) {
    Rng rng = rng_new(5);
    small_model(&s->policy, 1);
    reward_model_of_policy(&s->reward, &s->policy, heads);
    s->trainer = reward_trainer_new(&s->reward);
    for (int i = 0; i < 2 * PAIRS; i++)
        s->own[i] = small_exchange(&rng, 3, 1 + i % 5, true);
    for (int i = 0; i < PAIRS; i++)
        s->pairs[i] = (RewardPair){&s->own[2 * i], &s->own[2 * i + 1], 0, i % heads};
}

static void setup_free(Setup *s) {
    reward_trainer_free(&s->trainer);
    reward_model_free(&s->reward), model_free(&s->policy);
    for (int i = 0; i < 2 * PAIRS; i++) exchange_free(&s->own[i]);
}

Test(reward_trainer, the_first_loss_is_ln_2) {
    Setup s;
    setup_new(&s, 2);
    cr_assert_float_eq(reward_trainer_step(&s.trainer, s.pairs, PAIRS, 0), log(2),
                       1e-7);
    setup_free(&s);
}

Test(reward_trainer, margins_are_asked_for) {
    Setup s;
    double mean = 0;
    setup_new(&s, 1);
    for (int i = 0; i < PAIRS; i++) {
        s.pairs[i].margin = i;
        mean += bradley_terry_loss(0, i) / PAIRS;
    }
    cr_assert_float_eq(reward_trainer_step(&s.trainer, s.pairs, PAIRS, 0), mean, 1e-6);
    setup_free(&s);
}

Test(reward_trainer, pairs_are_learned) {
    Setup s;
    double deltas[PAIRS], loss = 0;
    setup_new(&s, 2);
    for (int i = 0; i < 100; i++)
        loss = reward_trainer_step(&s.trainer, s.pairs, PAIRS, 1e-2);
    cr_assert_lt(loss, 0.1);
    reward_pair_deltas(&s.reward, s.pairs, PAIRS, deltas);
    for (int i = 0; i < PAIRS; i++) cr_assert_gt(deltas[i], 1);
    setup_free(&s);
}

Test(reward_trainer, a_pair_moves_its_own_head_alone) {
    Setup s;
    setup_new(&s, 2);
    for (int i = 0; i < PAIRS; i++) s.pairs[i].head = REWARD_SAFETY;
    for (int i = 0; i < 3; i++) reward_trainer_step(&s.trainer, s.pairs, PAIRS, 1e-2);
    Mat weight = params_value(&s.reward.model->params, s.reward.weight);
    double moved = 0;
    for (int c = 0; c < weight.rows; c++) {
        cr_assert_eq(*mat_at(weight, c, REWARD_HELPFULNESS), 0);
        moved += fabs((double)*mat_at(weight, c, REWARD_SAFETY));
    }
    cr_assert_gt(moved, 0.1);
    setup_free(&s);
}

// The loss's own delta, from scores of both answers.
Test(reward_trainer, a_delta_is_of_two_scores) {
    Setup s;
    double delta, scores[2][2];
    setup_new(&s, 2);
    for (int i = 0; i < 5; i++) reward_trainer_step(&s.trainer, s.pairs, PAIRS, 1e-2);
    s.pairs[0].head = 1;
    reward_pair_deltas(&s.reward, s.pairs, 1, &delta);
    reward_model_score(&s.reward, &s.pairs[0].chosen, 1, scores[0]);
    reward_model_score(&s.reward, &s.pairs[0].rejected, 1, scores[1]);
    cr_assert_float_eq(delta, scores[0][1] - scores[1][1],
                       sizeof(real) == 8 ? 1e-12 : 1e-5);
    setup_free(&s);
}
