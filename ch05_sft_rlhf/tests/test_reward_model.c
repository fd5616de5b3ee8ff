// A reward model's scores, gradients, training and files.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/bradley_terry.h"
#include "ch05_sft_rlhf/reward_model.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { EXCHANGES = 6 };

typedef struct {
    Model policy;
    RewardModel reward;
    Exchange own[EXCHANGES];
    const Exchange *list[EXCHANGES];
} Setup;

static void setup_new(Setup *s, int heads) {
    static const int prompts[] = {3, 5, 2, 3, 4, 2}, answers[] = {4, 1, 6, 2, 8, 0};
    Rng rng = rng_new(5);
    small_model(&s->policy, 1);
    reward_model_of_policy(&s->reward, &s->policy, heads);
    rng_fill_normal(&rng, params_value(&s->reward.model->params, s->reward.weight), 1);
    for (int i = 0; i < EXCHANGES; i++)
        s->own[i] = small_exchange(&rng, prompts[i], answers[i], true),
        s->list[i] = &s->own[i];
}

static void setup_free(Setup *s) {
    model_free(&s->policy), reward_model_free(&s->reward);
    for (int i = 0; i < EXCHANGES; i++) exchange_free(&s->own[i]);
}

// h_n . w, with h_n from a pass over the answer alone.
static double by_hand(const RewardModel *r, const Exchange *e, int head) {
    Tape *t = tape_new((Params *)&r->model->params);
    Tokens in = {.batch = 1, .time = e->length, .tokens = e->ids};
    Mat h = model_hidden(t, r->model, &in)->value;
    double sum = (double)*mat_at(params_value(&r->model->params, r->bias), 0, head);
    for (int c = 0; c < h.cols; c++)
        sum += (double)*mat_at(h, e->length - 1, c)
               * (double)*mat_at(params_value(&r->model->params, r->weight), c, head);
    tape_free(t);
    return sum;
}

Test(reward_model, a_score_is_the_last_hidden_vector_times_the_head) {
    Setup s;
    double scores[EXCHANGES * REWARD_HEADS];
    setup_new(&s, REWARD_HEADS);
    reward_model_score(&s.reward, s.list, EXCHANGES, scores);
    for (int i = 0; i < EXCHANGES; i++)
        for (int k = 0; k < REWARD_HEADS; k++)
            cr_assert_float_eq(scores[i * REWARD_HEADS + k],
                               by_hand(&s.reward, s.list[i], k), 1e-5);
    setup_free(&s);
}

Test(reward_model, its_body_is_the_policys) {
    Setup s;
    setup_new(&s, 1);
    Tape *a = tape_new(&s.policy.params), *b = tape_new(&s.reward.model->params);
    Tokens in = {.batch = 1, .time = s.own[0].length, .tokens = s.own[0].ids};
    Mat x = model_hidden(a, &s.policy, &in)->value,
        y = model_hidden(b, s.reward.model, &in)->value;
    cr_assert_eq(largest_difference(x, y), 0);
    tape_free(a), tape_free(b), setup_free(&s);
}

// The score of one answer in a row with so much padding, of other ids than END's.
static real padded(const RewardModel *r, const Exchange *e, int pads, int id) {
    Exchange longer = {allocate((size_t)(e->length + pads), sizeof *e->ids), e->prompt,
                       e->length + pads, true};
    const Exchange *list[] = {e, &longer};
    for (int i = 0; i < longer.length; i++)
        longer.ids[i] = i < e->length ? e->ids[i] : id;
    Batch b = exchange_batch(list, 2);
    for (int i = e->length; i < b.time; i++) b.tokens[i] = id;
    Tape *t = tape_new((Params *)&r->model->params);
    real score = *mat_at(reward_model_scores(t, r, &b)->value, 0, 0);
    tape_free(t), batch_free(&b), free(longer.ids);
    return score;
}

Test(reward_model, padding_changes_no_bit) {
    Setup s;
    setup_new(&s, 1);
    for (int i = 0; i < EXCHANGES; i++) {
        if (s.own[i].length + 7 > SMALL_CONTEXT) continue;
        real plain = padded(&s.reward, s.list[i], 0, 3);
        for (int pads = 1; pads <= 7; pads += 6)
            for (int id = 0; id <= SMALL_END; id += SMALL_END)  // END is padding too
                cr_assert_eq(padded(&s.reward, s.list[i], pads, id), plain);
    }
    setup_free(&s);
}

Test(reward_model, company_changes_no_bit) {
    Setup s;
    double together[EXCHANGES], alone;
    setup_new(&s, 1);
    reward_model_score(&s.reward, s.list, EXCHANGES, together);
    for (int i = 0; i < EXCHANGES; i++) {
        reward_model_score(&s.reward, s.list + i, 1, &alone);
        cr_assert_eq(alone, together[i]);
    }
    setup_free(&s);
}

Test(reward_model, an_answer_without_end_has_no_score) {
    Setup s;
    double scores[2];
    setup_new(&s, 1);
    s.own[1].finished = false;
    reward_model_score(&s.reward, s.list, 2, scores);
    cr_assert(!isnan(scores[0]) && isnan(scores[1]));
    setup_free(&s);
}

Test(reward_model, centred_answers_have_mean_zero) {
    Setup s;
    double scores[EXCHANGES], before[EXCHANGES], mean = 0;
    setup_new(&s, 1);
    reward_model_score(&s.reward, s.list, EXCHANGES, before);
    reward_model_centre(&s.reward, s.list, EXCHANGES);
    reward_model_score(&s.reward, s.list, EXCHANGES, scores);
    for (int i = 0; i < EXCHANGES; i++) {
        mean += scores[i] / EXCHANGES;
        cr_assert_float_eq(scores[i] - scores[0], before[i] - before[0], 2e-6);
    }
    cr_assert_float_eq(mean, 0, 1e-6);
    setup_free(&s);
}

static Node *preference_loss(Tape *t, void *context) {
    const Setup *s = context;
    static const double margins[] = {0, 0.5, 1};
    Batch b = exchange_batch(s->list, EXCHANGES);
    Node *loss = bradley_terry_node(t, reward_model_scores(t, &s->reward, &b), margins);
    batch_free(&b);
    return loss;
}

Test(reward_model, gradients_of_the_preference_loss) {
    Setup s;
    setup_new(&s, 1);
    cr_assert_lt(gradient_error(&s.reward.model->params, preference_loss, &s, 8),
                 gradient_tolerance());
    setup_free(&s);
}

Test(reward_model, the_bias_is_not_learned) {
    Setup s;
    setup_new(&s, 1);
    cr_assert_null(params_grad(&s.reward.model->params, s.reward.bias).at);
    setup_free(&s);
}

Test(reward_model, two_scores_make_one_reward) {
    cr_assert_eq(reward_combine(2, 1, false, 0.15), 2);
    cr_assert_eq(reward_combine(2, -3, false, 0.15), -3);  // sigma(-3) = 0.047
    cr_assert_eq(reward_combine(2, 1, true, 0.15), 1);
    cr_assert_eq(reward_combine(2, logit(0.15) + 1e-9, false, 0.15), 2);
}

Test(reward_model, a_file_gives_the_same_scores) {
    Setup s;
    Error err;
    char path[] = "/tmp/course-reward-XXXXXX";
    double before[EXCHANGES * 2], after[EXCHANGES * 2];
    CheckpointNote note = {"stage", "reward"};
    setup_new(&s, 2);
    reward_model_centre(&s.reward, s.list, EXCHANGES);
    reward_model_score(&s.reward, s.list, EXCHANGES, before);
    close(mkstemp(path));
    cr_assert(reward_model_save(path, &s.reward, &note, 1, &err), "%s", err.text);
    RewardModel again;
    cr_assert(reward_model_load(path, &again, &err), "%s", err.text);
    cr_assert_eq(again.heads, 2);
    reward_model_score(&again, s.list, EXCHANGES, after);
    for (int i = 0; i < EXCHANGES * 2; i++)
        // a file has 32 bits of a number
        cr_assert_float_eq(before[i], after[i], sizeof(real) == 4 ? 0 : 1e-5);
    reward_model_free(&again);
    cr_assert(model_save(path, &s.policy, &err));
    cr_assert(!reward_model_load(path, &again, &err));
    cr_assert(strstr(err.text, "expected a reward model"), "%s", err.text);
    unlink(path);
    setup_free(&s);
}
