// PPO: advantages by hand, the clip's four corners, which token has the reward, and
// what it is without its tricks.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/clipped.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/ppo.h"
#include "ch05_sft_rlhf/tests/small.h"

// ---- advantages

Test(gae, by_hand) {
    const double r[] = {0, 0, 1}, none[] = {0, 0, 0}, v[] = {.5, .6, .7};
    const GaeSettings s = {1, .95};
    double a[3], returns[3];
    gae(a, returns, r, v, 3, 0, s);
    const double expected[] = {.46575, .385, .3}, targets[] = {.96575, .985, 1};
    for (int t = 0; t < 3; t++) {
        cr_assert_float_eq(a[t], expected[t], 1e-15);
        cr_assert_float_eq(returns[t], targets[t], 1e-15);
    }
    gae(a, NULL, none, v, 3, .8, s);  // cut off: the critic's word on the rest
    const double cut[] = {.28525, .195, .1};
    for (int t = 0; t < 3; t++) cr_assert_float_eq(a[t], cut[t], 1e-15);
}

// lambda 1: rewards to come less V; lambda 0: one step's surprise.
Test(gae, ends_of_lambda) {
    enum { T = 7 };
    Rng rng = rng_new(2);
    double r[T], v[T], a[T], gamma = .9;
    for (int t = 0; t < T; t++) r[t] = rng_normal(&rng), v[t] = rng_normal(&rng);
    gae(a, NULL, r, v, T, .4, (GaeSettings){gamma, 1});
    for (int t = 0; t < T; t++) {
        double sum = pow(gamma, T - t) * .4;
        for (int k = t; k < T; k++) sum += pow(gamma, k - t) * r[k];
        cr_assert_float_eq(a[t], sum - v[t], 1e-13);
    }
    gae(a, NULL, r, v, T, .4, (GaeSettings){gamma, 0});
    for (int t = 0; t < T; t++)
        cr_assert_float_eq(a[t], r[t] + gamma * (t + 1 < T ? v[t + 1] : .4) - v[t],
                           1e-14);
}

Test(advantage, whitened) {
    double a[] = {1, 2, 3}, same[] = {.1, .1, .1}, one[] = {5};
    advantages_whiten(a, 3);
    const double expected[] = {-1.224744871391589, 0, 1.224744871391589};
    for (int i = 0; i < 3; i++) cr_assert_float_eq(a[i], expected[i], 1e-15);
    advantages_whiten(same, 3), advantages_whiten(one, 1);
    for (int i = 0; i < 3; i++) cr_assert_eq(same[i], 0);
    cr_assert_eq(one[0], 0);
    for (int k = 0; k < ADVANTAGE_KINDS; k++)
        cr_assert_str_eq(advantage_names()[k], advantage_kinds[k].name);
}

// ---- clipping

Test(clipped, four_corners) {
    static const struct {
        double ratio, advantage, value, slope;
    } rows[] = {{1.5, 2, 2.4, 0},      {1.5, -2, -3, -3},  {0.5, 2, 1, 1},
                {0.5, -2, -1.6, 0},    {1.1, 2, 2.2, 2.2}, {0.9, -2, -1.8, -1.8},
                {1.1, -2, -2.2, -2.2}, {1, 0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Clipped c = clipped_objective(log(rows[i].ratio), 0, rows[i].advantage, .2);
        cr_assert_float_eq(c.value, rows[i].value, 1e-14, "%zu", i);
        cr_assert_float_eq(c.slope, rows[i].slope, 1e-14, "%zu", i);
        cr_assert_eq(c.flat, rows[i].slope == 0 && rows[i].advantage != 0);
    }
    Clipped free = clipped_objective(3, 0, 2, INFINITY);
    cr_assert_float_eq(free.slope, 2 * exp(3), 1e-12);
}

Test(clipped, slopes_are_derivatives) {
    const double h = 1e-6;
    Rng rng = rng_new(6);
    for (int i = 0; i < 200; i++) {
        double x = .5 * rng_normal(&rng), old = .5 * rng_normal(&rng),
               a = rng_normal(&rng), eps = .2;
        double measured = (clipped_objective(x + h, old, a, eps).value
                           - clipped_objective(x - h, old, a, eps).value)
                          / (2 * h);
        cr_assert_float_eq(clipped_objective(x, old, a, eps).slope, measured, 1e-7);
        measured = (clipped_value_loss(x + h, old, a, eps).value
                    - clipped_value_loss(x - h, old, a, eps).value)
                   / (2 * h);
        cr_assert_float_eq(clipped_value_loss(x, old, a, eps).slope, measured, 1e-7);
    }
}

// ---- experience and steps

enum { ANSWERS = 4 };

typedef struct {
    Model policy, reference;
    Critic critic;
    Exchange list[ANSWERS];
    const Exchange *answers[ANSWERS];
    double rewards[ANSWERS];
    Ppo ppo;
    Experience experience;
    int part;
} Setup;

static PpoSettings plain_settings(void) {
    PpoSettings s = ppo_defaults();
    s.clip = s.value_clip = s.most_grad_norm = INFINITY;
    s.epochs = s.minibatches = 1;
    s.gae.lambda = 1;
    s.advantages = ADVANTAGE_PLAIN;
    return s;
}

static void setup_new(Setup *s, PpoSettings settings) {
    static const int prompts[] = {3, 5, 2, 4}, lengths[] = {4, 2, 6, 3};
    Rng rng = rng_new(21);
    *s = (Setup){0};
    small_model(&s->policy, 1), small_model(&s->reference, 2);
    critic_new(&s->critic, &s->policy);
    Params *p = &s->critic.model.params;
    for (size_t i = 0; i < p->size; i++) p->values[i] += (real)(.1 * rng_normal(&rng));
    for (int i = 0; i < ANSWERS; i++) {
        s->list[i] = small_exchange(&rng, prompts[i], lengths[i], i != 2);
        s->answers[i] = &s->list[i], s->rewards[i] = rng_normal(&rng);
    }
    s->ppo = ppo_new(&s->policy, &s->reference, &s->critic, settings);
}

static void setup_free(Setup *s) {
    ppo_free(&s->ppo), critic_free(&s->critic);
    model_free(&s->policy), model_free(&s->reference);
    for (int i = 0; i < ANSWERS; i++) exchange_free(&s->list[i]);
}

static Experience experience(Setup *s) {
    return ppo_experience(&s->ppo, s->answers, s->rewards, ANSWERS, NULL);
}

// The reward is at each answer's last token, END or not; the others have the KL term
// alone, and it is there once.
Test(ppo, reward_at_the_last_token) {
    Setup s;
    setup_new(&s, plain_settings());
    Experience e = experience(&s);
    for (int i = 0, at = 0; i < ANSWERS; i++)
        for (int n = exchange_counted(s.answers[i]), t = 0; t < n; t++, at++) {
            double kl = -.1 * (e.old[at] - e.reference[at]);
            cr_assert_float_eq(e.rewards[at], kl + (t == n - 1 ? s.rewards[i] : 0),
                               1e-15);
        }
    experience_free(&e), setup_free(&s);
}

// By hand, through padding: three tokens beside five, finished and cut off. Nothing is
// expected after the last token of either.
Test(ppo, advantages_by_hand) {
    Setup s;
    PpoSettings settings = plain_settings();
    settings.beta = 0, settings.gae.lambda = .95;
    setup_new(&s, settings);
    Rng rng = rng_new(5);
    Exchange list[] = {small_exchange(&rng, 2, 2, true),
                       small_exchange(&rng, 4, 4, true),
                       small_exchange(&rng, 3, 3, false)};
    const Exchange *answers[] = {&list[0], &list[1], &list[2]};
    const double rewards[] = {1, 2, -.5};
    const double values[] = {.5, .6, .7, 9, 9, 9, 9, 9, .5, .6, .7};
    const double finished[] = {.46575, .385, .3};
    // surprises .1, .1 and -.5 - .7
    const double cut[] = {.1 - .95 * 1.04, .1 - .95 * 1.2, -1.2};
    cr_assert_eq(exchange_counted(answers[0]), 3);
    cr_assert_eq(exchange_counted(answers[2]), 3);
    Experience e = ppo_experience(&s.ppo, answers, rewards, 3, values);
    cr_assert_eq(e.tokens[1], 11);
    for (int t = 0; t < 3; t++) {
        cr_assert_float_eq(e.advantages[t], finished[t], 1e-14);
        cr_assert_float_eq(e.advantages[8 + t], cut[t], 1e-14);
    }
    experience_free(&e);
    for (int i = 0; i < 3; i++) exchange_free(&list[i]);
    setup_free(&s);
}

// The policy is the reference: no estimate of the KL says anything, exactly. And where
// the term is in the loss, it is not in the rewards as well.
Test(ppo, no_kl_at_the_reference) {
    for (int kl = 0; kl < KL_KINDS; kl++)
        for (int in_loss = 0; in_loss < 2; in_loss++) {
            Setup s;
            PpoSettings settings = plain_settings();
            settings.kl = (KlKind)kl, settings.kl_in_loss = in_loss;
            setup_new(&s, settings);
            s.ppo.reference = in_loss ? &s.reference : &s.policy;
            Experience e = experience(&s);
            if (!in_loss)
                cr_assert_arr_eq(e.old, e.reference,
                                 (size_t)e.tokens[1] * sizeof *e.old);
            for (int i = 0, at = 0; i < ANSWERS; i++)
                for (int n = exchange_counted(s.answers[i]), t = 0; t < n; t++, at++)
                    cr_assert_eq(e.rewards[at], t == n - 1 ? s.rewards[i] : 0);
            experience_free(&e), setup_free(&s);
        }
}

// Mean 0 and variance 1 over the tokens of answers; rows are padded to the longest.
Test(ppo, whitened_over_tokens_of_answers) {
    Setup s;
    PpoSettings settings = plain_settings();
    settings.advantages = ADVANTAGE_WHITENED;
    setup_new(&s, settings);
    Experience e = experience(&s);
    int tokens = 0;
    double sum = 0, squares = 0;
    for (int i = 0; i < ANSWERS; i++) tokens += exchange_counted(s.answers[i]);
    cr_assert_eq(tokens, e.tokens[e.parts]);
    cr_assert_lt(tokens, e.batches[0].rows * e.batches[0].time);
    for (int i = 0; i < tokens; i++)
        sum += e.advantages[i], squares += e.advantages[i] * e.advantages[i];
    cr_assert_float_eq(sum / tokens, 0, 1e-13);
    cr_assert_float_eq(squares / tokens, 1, 1e-12);
    experience_free(&e), setup_free(&s);
}

// Whose word is whose: the old policy's, the reference's and the critic's, each from
// its own model.
Test(ppo, each_model_has_its_say) {
    Setup s;
    setup_new(&s, plain_settings());
    Experience e = experience(&s);
    double old[64], reference[64];
    policy_log_probs(old, &s.policy, &e.batches[0]);
    policy_log_probs(reference, &s.reference, &e.batches[0]);
    Tape *t = tape_new(&s.critic.model.params);
    Mat hidden = policy_hidden(t, &s.critic.model, &e.batches[0])->value,
        w = params_value(&s.critic.model.params, s.critic.weight),
        b = params_value(&s.critic.model.params, s.critic.bias);
    for (int i = 0; i < e.tokens[1]; i++) {
        double value = (double)*b.at;
        for (int k = 0; k < hidden.cols; k++)
            value += (double)*mat_at(hidden, i, k) * (double)*mat_at(w, k, 0);
        cr_assert_float_eq(e.values[i], value, 1e-5);
        cr_assert_float_eq(e.old[i], old[i], 1e-6);
        cr_assert_float_eq(e.reference[i], reference[i], 1e-6);
    }
    cr_assert_gt(fabs((double)*b.at), 1e-3);
    tape_free(t), experience_free(&e), setup_free(&s);
}

// A critic begins with the policy's body and knows nothing.
Test(ppo, critic_begins_at_0) {
    Setup s;
    setup_new(&s, plain_settings());
    Critic c;
    critic_new(&c, &s.policy);
    Tape *t = tape_new(&c.model.params);
    Batch b = exchange_batch(s.answers, ANSWERS);
    Node *hidden = policy_hidden(t, &c.model, &b);
    Mat body = policy_hidden(s.ppo.tape, &s.policy, &b)->value,
        values = critic_values(t, &c, hidden)->value;
    cr_assert_eq(largest_difference(hidden->value, body), 0);
    for (int i = 0; i < values.rows; i++) cr_assert_eq(*mat_at(values, i, 0), 0);
    tape_free(t), batch_free(&b), critic_free(&c), setup_free(&s);
}

// What an answer is beside changes nothing of it, padding included.
Test(ppo, answers_do_not_mix) {
    Setup s;
    setup_new(&s, plain_settings());
    Experience all = experience(&s);
    for (int i = 0, at = 0; i < ANSWERS; at += exchange_counted(s.answers[i++])) {
        Experience e = ppo_experience(&s.ppo, s.answers + i, s.rewards + i, 1, NULL);
        for (int t = 0; t < exchange_counted(s.answers[i]); t++) {
            cr_assert_float_eq(e.advantages[t], all.advantages[at + t], 1e-5);
            cr_assert_float_eq(e.returns[t], all.returns[at + t], 1e-5);
            cr_assert_float_eq(e.values[t], all.values[at + t], 1e-5);
        }
        experience_free(&e);
    }
    experience_free(&all), setup_free(&s);
}

// Before the first step the policy is the old one: every ratio is 1, exactly.
Test(ppo, begins_at_ratio_one) {
    Setup s;
    PpoSettings settings = ppo_defaults();
    setup_new(&s, settings);
    Experience e = experience(&s);
    for (int part = 0; part < e.parts; part++) {
        double now[64];
        policy_log_probs(now, &s.policy, &e.batches[part]);
        cr_assert_arr_eq(now, e.old + e.tokens[part],
                         (size_t)e.batches[part].counted * sizeof *now);
        int clipped;
        ppo_loss(s.ppo.tape, &s.ppo, &e, part, &clipped);
        cr_assert_eq(clipped, 0);
        tape_reset(s.ppo.tape);
    }
    experience_free(&e), setup_free(&s);
}

static Node *loss_of(Tape *t, void *setup) {
    Setup *s = setup;
    int clipped;
    return ppo_loss(t, &s->ppo, &s->experience, s->part, &clipped);
}

// Through the model, some way from the old policy, with the KL term in the loss.
Test(ppo, gradients) {
    for (int kl = 0; kl <= KL_KINDS; kl++) {
        Setup s;
        PpoSettings settings = ppo_defaults();
        settings.minibatches = 2, settings.beta = .5;
        settings.kl_in_loss = kl < KL_KINDS, settings.kl = (KlKind)(kl % KL_KINDS);
        setup_new(&s, settings);
        s.experience = experience(&s);
        Rng rng = rng_new(9);
        for (int i = 0; i < s.experience.tokens[2]; i++)
            s.experience.old[i] += .3 * rng_normal(&rng);
        for (s.part = 0; s.part < 2; s.part++) {
            double error = gradient_error(&s.policy.params, loss_of, &s, 6);
            cr_assert_leq(error, gradient_tolerance(), "%d: %g", kl, error);
        }
        experience_free(&s.experience), setup_free(&s);
    }
}

// - sum over tokens of A ln pi, a mean over answers, from the tape's own operations.
static Node *reinforce(Tape *t, const Setup *s, const Experience *e) {
    PolicyPass p = policy_pass(t, &s->policy, &e->batches[0]);
    Mat weights = tape_mat(t, p.counted, 1);
    for (int i = 0; i < p.counted; i++)
        *mat_at(weights, i, 0) = (real)(-e->advantages[i] * p.counted / e->count);
    return mean(t, product(t, p.log_probs, constant_node(t, weights)));
}

Test(ppo, without_its_tricks_it_is_reinforce) {
    Setup s;
    setup_new(&s, plain_settings());
    s.experience = experience(&s);
    Params *p = &s.policy.params;
    real *gradient = malloc(p->grad_size * sizeof *gradient);
    double largest = 0;
    tape_backward(s.ppo.tape, loss_of(s.ppo.tape, &s));
    memcpy(gradient, p->grads, p->grad_size * sizeof *gradient);
    params_zero_grads(p), tape_reset(s.ppo.tape);
    tape_backward(s.ppo.tape, reinforce(s.ppo.tape, &s, &s.experience));
    for (size_t i = 0; i < p->grad_size; i++)
        largest = fmax(largest, fabs((double)p->grads[i]));
    for (size_t i = 0; i < p->grad_size; i++)
        cr_assert_float_eq(p->grads[i], gradient[i],
                           largest * (sizeof(real) == 8 ? 1e-13 : 1e-5));
    params_zero_grads(p);
    free(gradient), experience_free(&s.experience), setup_free(&s);
}

// Steps change policy and critic, and no bit of the reference.
Test(ppo, reference_is_frozen) {
    Setup s;
    setup_new(&s, ppo_defaults());
    size_t bytes = s.reference.params.size * sizeof(real);
    real *before = malloc(bytes), *policy = malloc(bytes);
    memcpy(before, s.reference.params.values, bytes);
    memcpy(policy, s.policy.params.values, bytes);
    for (int i = 0; i < 3; i++)
        ppo_step(&s.ppo, s.answers, s.rewards, ANSWERS, NULL, 1e-2);
    cr_assert_arr_eq(s.reference.params.values, before, bytes);
    cr_assert(memcmp(s.policy.params.values, policy, bytes) != 0);
    free(before), free(policy), setup_free(&s);
}

// With rewards that never change, the critic comes to know them.
Test(ppo, critic_learns) {
    Setup s;
    PpoSettings settings = plain_settings();
    settings.beta = 0, settings.epochs = 4;
    setup_new(&s, settings);
    PpoStep first = ppo_step(&s.ppo, s.answers, s.rewards, ANSWERS, NULL, 3e-3), last;
    for (int i = 0; i < 30; i++)
        last = ppo_step(&s.ppo, s.answers, s.rewards, ANSWERS, NULL, 3e-3);
    cr_assert_lt(last.value_loss, first.value_loss / 10);
    cr_assert_gt(last.explained_variance, 0.9);
    setup_free(&s);
}

// The figures that a step reports, by hand.
Test(ppo, figures) {
    Setup s;
    setup_new(&s, plain_settings());
    Experience e = experience(&s);
    double kl = 0, reward = 0;
    for (int i = 0; i < e.tokens[1]; i++) kl += e.old[i] - e.reference[i];
    for (int i = 0; i < ANSWERS; i++) reward += s.rewards[i];
    PpoStep step = ppo_step(&s.ppo, s.answers, s.rewards, ANSWERS, NULL, 1e-3);
    cr_assert_float_eq(step.kl, kl / ANSWERS, 1e-12);
    cr_assert_float_eq(step.reward, reward / ANSWERS, 1e-12);
    cr_assert_float_eq(step.length, (4 + 1 + 2 + 1 + 6 + 3 + 1) / 4., 1e-12);
    cr_assert_eq(step.clip_fraction, 0);
    experience_free(&e), setup_free(&s);
}

Test(ppo, rewards_are_numbers) {
    Error err;
    double r[] = {1, 2, NAN};
    cr_assert(rewards_check(r, 2, &err));
    cr_assert(!rewards_check(r, 3, &err));
    cr_assert(strstr(err.text, "answer 3 of 3 is"), "%s", err.text);
}
