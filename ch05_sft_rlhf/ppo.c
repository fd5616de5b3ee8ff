#include "ch05_sft_rlhf/ppo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/clip.h"
#include "ch05_sft_rlhf/clipped.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/slopes.h"
#include "common/numeric/mean.h"

PpoSettings ppo_defaults(void) {
    return (PpoSettings){.beta = 0.1,
                         .kl = KL_K1,
                         .gae = {1, 0.95},
                         .advantages = ADVANTAGE_WHITENED,
                         .clip = 0.2,
                         .value_clip = 0.2,
                         .epochs = 4,
                         .minibatches = 4,
                         .critic_rate = 1,
                         .most_grad_norm = 1,
                         .optimiser = {.kind = OPTIMISER_ADAM}};
}

static Node *plain_hidden(Tape *t, const Model *m, const Batch *b, const void *none) {
    return (void)none, policy_hidden(t, m, b);
}

Ppo ppo_new(Model *policy, const Model *reference, Critic *critic,
            PpoSettings settings) {
    assert(settings.epochs >= 1 && settings.minibatches >= 1 && policy->params.grads);
    Ppo p = {.settings = settings,
             .policy = policy,
             .reference = reference,
             .critic = critic,
             .hidden = plain_hidden,
             .optimiser = optimiser_new(&policy->params, settings.optimiser),
             .tape = tape_new(&policy->params)};
    if (critic) {
        p.critic_optimiser = optimiser_new(&critic->model.params, settings.optimiser);
        p.critic_tape = tape_new(&critic->model.params);
    }
    return p;
}

void ppo_free(Ppo *p) {
    tape_free(p->tape), optimiser_free(&p->optimiser);
    if (p->critic) tape_free(p->critic_tape), optimiser_free(&p->critic_optimiser);
    *p = (Ppo){0};
}

// ---- experience

static void cut_into_parts(Experience *e, const Exchange *const *answers) {
    size_t n = (size_t)e->parts;
    e->batches = allocate(n, sizeof *e->batches);
    e->answers = allocate(n + 1, sizeof *e->answers);
    e->tokens = allocate(n + 1, sizeof *e->tokens);
    for (int k = 0; k < e->parts; k++) {
        int first = e->answers[k];
        e->answers[k + 1] = (int)((long long)e->count * (k + 1) / e->parts);
        e->batches[k] = exchange_batch(answers + first, e->answers[k + 1] - first);
        e->tokens[k + 1] = e->tokens[k] + (int)e->batches[k].counted;
    }
}

static Node *hidden_of(Tape *t, const Ppo *p, const Model *m, const Batch *b) {
    return p->hidden(t, m, b, p->context);
}

static PolicyPass pass_of(Tape *t, const Ppo *p, const Model *m, const Batch *b) {
    return policy_pass_from(t, m, b, hidden_of(t, p, m, b));
}

static void column_numbers(double *to, Mat column) {
    for (int i = 0; i < column.rows; i++) to[i] = (double)*mat_at(column, i, 0);
}

// What policy, reference and critic say of one part's tokens. Nothing is pulled back.
static void look_at_part(const Ppo *p, Experience *e, int part) {
    const Batch *b = &e->batches[part];
    int at = e->tokens[part];
    if (b->counted == 0) return;
    Tape *t = tape_new(&p->policy->params);
    PolicyPass pass = pass_of(t, p, p->policy, b);
    column_numbers(e->old + at, pass.log_probs->value);
    Mat entropy = policy_entropy(t, pass.logits)->value;
    for (int i = 0; i < pass.counted; i++) e->entropy += (double)*mat_at(entropy, i, 0);
    tape_free(t);
    t = tape_new((Params *)&p->reference->params);
    column_numbers(e->reference + at, pass_of(t, p, p->reference, b).log_probs->value);
    tape_free(t);
    if (!p->critic) return;
    Node *hidden = hidden_of(p->critic_tape, p, &p->critic->model, b);
    column_numbers(e->values + at,
                   critic_values(p->critic_tape, p->critic, hidden)->value);
    tape_reset(p->critic_tape);
}

static void look_at_tokens(const Ppo *p, Experience *e, const double *values) {
    for (int k = 0; k < e->parts; k++) look_at_part(p, e, k);
    int counted = e->tokens[e->parts];
    for (int i = 0; values && i < counted; i++) e->values[i] = values[i];
    if (counted) e->entropy /= counted;
}

// Rewards token by token, then advantages and returns of each answer by itself.
static void weigh(const PpoSettings *s, Experience *e, const Exchange *const *answers,
                  const double *rewards) {
    for (int i = 0, at = 0; i < e->count; at += exchange_counted(answers[i++])) {
        int n = exchange_counted(answers[i]);
        for (int t = at; t < at + n; t++)
            e->rewards[t] =
                s->kl_in_loss
                    ? 0
                    : -s->beta * kl_estimators[s->kl].value(e->old[t], e->reference[t]);
        if (n) e->rewards[at + n - 1] += rewards[i];
        gae(e->advantages + at, e->returns + at, e->rewards + at, e->values + at, n, 0,
            s->gae);
    }
    advantage_kinds[s->advantages].normalise(e->advantages, e->tokens[e->parts]);
}

Experience ppo_experience(const Ppo *p, const Exchange *const *answers,
                          const double *rewards, int count, const double *values) {
    assert(count >= 1);
    int parts = p->settings.minibatches;
    Experience e = {.count = count, .parts = parts < count ? parts : count};
    cut_into_parts(&e, answers);
    double **arrays[] = {&e.old,     &e.reference,  &e.values,
                         &e.rewards, &e.advantages, &e.returns};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        *arrays[k] = allocate((size_t)e.tokens[e.parts] + 1, sizeof(double));
    look_at_tokens(p, &e, values);
    weigh(&p->settings, &e, answers, rewards);
    return e;
}

void experience_free(Experience *e) {
    for (int k = 0; k < e->parts; k++) batch_free(&e->batches[k]);
    free(e->batches), free(e->answers), free(e->tokens);
    free(e->old), free(e->reference), free(e->values);
    free(e->rewards), free(e->advantages), free(e->returns);
    *e = (Experience){0};
}

// ---- the two losses

Node *ppo_loss(Tape *t, const Ppo *p, const Experience *e, int part, int *clipped) {
    const PpoSettings *s = &p->settings;
    Node *log_probs = pass_of(t, p, p->policy, &e->batches[part]).log_probs;
    int n = log_probs->value.rows, at = e->tokens[part];
    double *slopes = tape_allocate(t, (size_t)n * sizeof *slopes), loss = 0;
    double share = 1.0 / (e->answers[part + 1] - e->answers[part]);
    *clipped = 0;
    for (int i = 0; i < n; i++) {
        double log_pi = (double)*mat_at(log_probs->value, i, 0);
        Clipped c =
            clipped_objective(log_pi, e->old[at + i], e->advantages[at + i], s->clip);
        *clipped += c.flat;
        loss -= share * c.value, slopes[i] = -share * c.slope;
        if (!s->kl_in_loss) continue;
        const KlEstimator *k = &kl_estimators[s->kl];
        loss += share * s->beta * k->value(log_pi, e->reference[at + i]);
        slopes[i] += share * s->beta * k->slope(log_pi, e->reference[at + i]);
    }
    return loss_of_slopes(t, log_probs, loss, slopes);
}

static Node *value_loss(Tape *t, const Ppo *p, const Experience *e, int part) {
    Node *values = critic_values(t, p->critic,
                                 hidden_of(t, p, &p->critic->model, &e->batches[part]));
    int n = values->value.rows, at = e->tokens[part];
    double *slopes = tape_allocate(t, (size_t)n * sizeof *slopes), loss = 0;
    for (int i = 0; i < n; i++) {
        Clipped c =
            clipped_value_loss((double)*mat_at(values->value, i, 0), e->values[at + i],
                               e->returns[at + i], p->settings.value_clip);
        loss += c.value / n, slopes[i] = c.slope / n;
    }
    return loss_of_slopes(t, values, loss, slopes);
}

static void descend(Optimiser *o, Params *params, Tape *t, Node *loss, double most,
                    double rate) {
    tape_backward(t, loss);
    if (isfinite(most)) params_clip(params, most);
    optimiser_step(o, params, rate);
    params_zero_grads(params);
    tape_reset(t);
}

// ---- a step

// 1 - Var(R - V) / Var(R): 1 where the critic knows, 0 where it might as well say a
// constant.
static double explained_variance(const Experience *e) {
    Mean returns = {0}, errors = {0};
    for (int i = 0; i < e->tokens[e->parts]; i++)
        mean_add(&returns, e->returns[i]),
            mean_add(&errors, e->returns[i] - e->values[i]);
    double all = mean_error(returns), left = mean_error(errors);
    return all > 0 ? 1 - left * left / (all * all) : 0;
}

static PpoStep summary(const Experience *e, const double *rewards) {
    int counted = e->tokens[e->parts];
    PpoStep s = {.entropy = e->entropy, .explained_variance = explained_variance(e)};
    for (int i = 0; i < e->count; i++) s.reward += rewards[i] / e->count;
    for (int i = 0; i < counted; i++) s.kl += (e->old[i] - e->reference[i]) / e->count;
    s.length = (double)counted / e->count;
    return s;
}

PpoStep ppo_step(Ppo *p, const Exchange *const *answers, const double *rewards,
                 int count, const double *values, double rate) {
    const PpoSettings *s = &p->settings;
    Experience e = ppo_experience(p, answers, rewards, count, values);
    PpoStep result = summary(&e, rewards);
    int flat = 0, seen = 0;
    for (int i = 0; i < s->epochs * e.parts; i++) {
        int part = i % e.parts, clipped;
        if (e.batches[part].counted == 0) continue;
        Node *loss = ppo_loss(p->tape, p, &e, part, &clipped);
        flat += clipped, seen += (int)e.batches[part].counted;
        descend(&p->optimiser, &p->policy->params, p->tape, loss, s->most_grad_norm,
                rate);
        if (!p->critic) continue;
        Node *off = value_loss(p->critic_tape, p, &e, part);
        result.value_loss +=
            i / e.parts == s->epochs - 1 ? (double)*off->value.at / e.parts : 0;
        descend(&p->critic_optimiser, &p->critic->model.params, p->critic_tape, off,
                s->most_grad_norm, rate * s->critic_rate);
    }
    result.clip_fraction = seen ? (double)flat / seen : 0;
    experience_free(&e);
    return result;
}

bool rewards_check(const double *rewards, int count, Error *err) {
    for (int i = 0; i < count; i++)
        if (!isfinite(rewards[i]))
            return error_set(err, "the reward of answer %d of %d is %g", i + 1, count,
                             rewards[i]);
    return true;
}
