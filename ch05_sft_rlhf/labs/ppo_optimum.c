// PPO and DPO reach pi*, and one way of PPO cannot stay there. Lecture, section 5.7.
//
// The policy is a transformer, the critic another; PPO sees only answers that it has
// drawn. With a KL term in the reward, r - beta ln (pi* / ref) is the same for all
// answers: near pi* a critic that knows it leaves no noise. Divided by their deviation,
// advantages are as large as ever, and noise is all that is left of them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/preference_population.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"beta", "1", "of the KL term"},
    {"longest", "4", "tokens of an answer, at most"},
    {"updates", "800", "of PPO, and steps of DPO"},
    {"answers", "512", "drawn for each update"},
    {"rate", "3e-3", "the learning rate at the beginning"},
    {"stay-rate", "0.01", "of plain gradient descent at pi*"},
    {0}};

enum { EVERY = 10, STAY_UPDATES = 150, STAY_ANSWERS = 256 };

static PpoSettings settings(double beta, AdvantageKind advantages) {
    PpoSettings s = ppo_defaults();
    s.beta = beta, s.advantages = advantages;
    s.epochs = s.minibatches = 1;
    s.value_clip = s.most_grad_norm = INFINITY;
    s.optimiser.beta2 = 0.99;
    return s;
}

// to_star: of every tenth update.
static Measures ppo(Lab *lab, Enumerated *x, double beta, int updates,
                    double *to_star) {
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    int answers = (int)option_int(&lab->args, "answers", 2, 100000);
    Critic critic;
    enumerated_restart(x);
    critic_new(&critic, &x->policy);
    Ppo p = enumerated_ppo(x, &critic, settings(beta, ADVANTAGE_CENTRED));
    Draws d = draws_new(x, answers);
    Rng rng = rng_split(&lab->rng, 1);
    Schedule schedule = {rate, rate / 100, 0, updates};
    for (int i = 0; i < updates; i++) {
        if (i % EVERY == 0) to_star[i / EVERY] = enumerated_measure(x, beta).to_star;
        draws_fill(&d, x, BASELINE_NONE, beta, &rng);
        ppo_step(&p, d.answers, d.rewards, d.count, NULL,
                 schedule_rate(&schedule, i + 1));
        lab_progress_value(lab, i, 2 * updates, "KL to pi*", to_star[i / EVERY]);
    }
    draws_free(&d), ppo_free(&p), critic_free(&critic);
    Measures m = enumerated_measure(x, beta);
    to_star[updates / EVERY] = m.to_star;
    return m;
}

static Measures dpo(Lab *lab, Enumerated *x, double beta, int steps, double *to_star) {
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    enumerated_restart(x);
    PreferencePopulation population =
        preference_population(x, (PreferenceSettings){PREFERENCE_DPO, beta, 0});
    Descent d = descent_new(x, (Schedule){rate, rate / 100, 0, steps});
    for (int i = 0; i < steps; i++) {
        if (i % EVERY == 0) to_star[i / EVERY] = enumerated_measure(x, beta).to_star;
        descent_step(&d, preference_population_loss, &population);
        lab_progress_value(lab, steps + i, 2 * steps, "KL to pi*", to_star[i / EVERY]);
    }
    descent_free(&d), preference_population_free(&population);
    Measures m = enumerated_measure(x, beta);
    to_star[steps / EVERY] = m.to_star;
    return m;
}

// From where x is: updates of plain gradient descent with an exact critic.
static double stay(Lab *lab, Enumerated *x, double beta, double rate,
                   AdvantageKind kind) {
    PpoSettings s = settings(beta, kind);
    s.gae.lambda = 1, s.optimiser = (OptimiserSettings){.kind = OPTIMISER_SGD};
    Ppo p = enumerated_ppo(x, NULL, s);
    Draws d = draws_new(x, STAY_ANSWERS);
    Rng rng = rng_split(&lab->rng, 2);
    double farthest = 0;
    for (int i = 0; i < STAY_UPDATES; i++) {
        draws_fill(&d, x, BASELINE_EXACT, beta, &rng);
        ppo_step(&p, d.answers, d.rewards, d.count, d.values, rate);
        farthest = nan_max(farthest, enumerated_measure(x, beta).total_variation);
    }
    draws_free(&d), ppo_free(&p);
    return farthest;
}

// Both begin where DPO ended.
static void claim_noise(Lab *lab, Enumerated *x, double beta, double rate) {
    Params *p = &x->policy.params;
    real *there = allocate(p->size, sizeof *there);
    memcpy(there, p->values, p->size * sizeof *there);
    double centred = stay(lab, x, beta, rate, ADVANTAGE_CENTRED);
    memcpy(p->values, there, p->size * sizeof *there);
    double whitened = stay(lab, x, beta, rate, ADVANTAGE_WHITENED);
    memcpy(p->values, there, p->size * sizeof *there);
    free(there);
    if (!lab_at_defaults(lab)) return;
    claim_at_most(lab, "5.60", "150 updates at pi*, advantages centred: farthest", 0.01,
                  centred);
    // noise that does not shrink: a floor, not a matter of patience
    claim_at_least(lab, "5.60", "the same divided by their deviation: farthest", 0.02,
                   whitened);
}

static void draw(Lab *lab, const double *ppo_curve, const double *dpo_curve,
                 int updates) {
    Plot *p = plot_new(lab, "ppo_optimum", "update ppo dpo");
    for (int i = 0; i <= updates / EVERY; i++)
        plot_row(p, i * EVERY, ppo_curve[i], dpo_curve[i]);
    plot_axes(p, "update", "KL(pi || pi*), nats");
    plot_set(p, "logscale y"), plot_set(p, "format y \"10^{%%T}\"");
    plot_points(p, "update", "ppo", "PPO: answers of its own");
    plot_points(p, "update", "dpo", "DPO: all pairs, with their chances");
    plot_end(p);
}

static void run(Lab *lab) {
    double beta = option_real(&lab->args, "beta", 0.05, 100),
           stay_rate = option_real(&lab->args, "stay-rate", 0, 10);
    int updates = (int)option_int(&lab->args, "updates", EVERY, 100000);
    size_t points = (size_t)(updates / EVERY + 1);
    double *ppo_curve = allocate(points, sizeof *ppo_curve),
           *dpo_curve = allocate(points, sizeof *dpo_curve);
    Enumerated x;
    EnumeratedShape shape = enumerated_shape();
    shape.longest = (int)option_int(&lab->args, "longest", 1, 5);
    enumerated_new(&x, shape, rng_split(&lab->rng, 0));
    Measures by_ppo = ppo(lab, &x, beta, updates, ppo_curve);
    Measures by_dpo = dpo(lab, &x, beta, updates, dpo_curve);
    // not derived; a KL term with the wrong sign, sum or place is at 0.1 and more
    if (lab_at_defaults(lab)) {
        claim_at_most(lab, "5.58", "PPO: total variation to pi*", 0.01,
                      by_ppo.total_variation);
        claim_at_most(lab, "5.59", "DPO on the population: total variation to pi*",
                      0.01, by_dpo.total_variation);
    }
    lab_print(lab, "PPO: KL(pi || pi*) %.5f, J %.4f of %.4f; DPO: %.5f, %.4f",
              by_ppo.to_star, by_ppo.objective, by_ppo.best, by_dpo.to_star,
              by_dpo.objective);
    claim_noise(lab, &x, beta, stay_rate);
    draw(lab, ppo_curve, dpo_curve, updates);
    free(ppo_curve), free(dpo_curve), enumerated_free(&x);
}

const LabSpec lab_ppo_optimum = {"ppo-optimum", "5.7", "PPO and DPO on the way to pi*",
                                 run, options};
