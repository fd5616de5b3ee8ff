// PPO's tricks, one left out at a time. Lecture, section 5.7.
//
// The same answers to draw, the same number of updates; what J the policy has at the
// end, exactly. Best is beta ln Z.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "common/program/plot.h"

static const Option options[] = {{"updates", "40", "of each variant"},
                                 {"answers", "64", "drawn for each update"},
                                 {"rate", "3e-3", "the learning rate"},
                                 {"beta", "0.5", "of the KL term"},
                                 {"runs", "2", "of each variant, with other draws"},
                                 {0}};

typedef struct {
    const char *name;
    bool critic;
    void (*change)(PpoSettings *s);
} Variant;

static void nothing(PpoSettings *s) { (void)s; }
static void no_clip(PpoSettings *s) { s->clip = s->value_clip = INFINITY; }
static void no_whitening(PpoSettings *s) { s->advantages = ADVANTAGE_PLAIN; }
static void lambda_0(PpoSettings *s) { s->gae.lambda = 0; }
static void lambda_1(PpoSettings *s) { s->gae.lambda = 1; }
static void one_epoch(PpoSettings *s) { s->epochs = 1; }
static void no_kl(PpoSettings *s) { s->beta = 0; }
static void k3_loss(PpoSettings *s) { s->kl = KL_K3, s->kl_in_loss = true; }

enum {
    ALL,
    NO_CLIP,
    NO_WHITENING,
    NO_CRITIC,
    LAMBDA_0,
    LAMBDA_1,
    ONE_EPOCH,
    NO_KL,
    K3,
    VARIANTS
};
static const Variant variants[] = {
    [ALL] = {"all", true, nothing},
    [NO_CLIP] = {"no clip", true, no_clip},
    [NO_WHITENING] = {"not whitened", true, no_whitening},
    [NO_CRITIC] = {"no critic", false, nothing},
    [LAMBDA_0] = {"lambda 0", true, lambda_0},
    [LAMBDA_1] = {"lambda 1", true, lambda_1},
    [ONE_EPOCH] = {"1 epoch", true, one_epoch},
    [NO_KL] = {"no KL term", true, no_kl},
    [K3] = {"k3 in loss", true, k3_loss},
};
_Static_assert(sizeof variants / sizeof *variants == VARIANTS,
               "a variant without a line");

static Measures train(Lab *lab, Enumerated *x, const Variant *v, Rng rng) {
    int updates = (int)option_int(&lab->args, "updates", 1, 100000),
        answers = (int)option_int(&lab->args, "answers", 4, 100000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1),
           beta = option_real(&lab->args, "beta", 0.01, 100);
    PpoSettings s = ppo_defaults();
    s.beta = beta, s.minibatches = 1;
    v->change(&s);
    Critic critic;
    enumerated_restart(x), critic_new(&critic, &x->policy);
    Ppo p = enumerated_ppo(x, v->critic ? &critic : NULL, s);
    Draws d = draws_new(x, answers);
    for (int i = 0; i < updates; i++) {
        draws_fill(&d, x, BASELINE_NONE, beta, &rng);
        ppo_step(&p, d.answers, d.rewards, d.count, NULL, rate);
    }
    draws_free(&d), ppo_free(&p), critic_free(&critic);
    return enumerated_measure(x, beta);
}

static void draw(Lab *lab, Measures found[VARIANTS], double reference) {
    Plot *p = plot_new(lab, "ppo_tricks", "variant J kl best reference");
    char tics[512] = "xtics (";
    for (int v = 0; v < VARIANTS; v++) {
        plot_row(p, v, found[v].objective, found[v].kl, found[v].best, reference);
        snprintf(tics + strlen(tics), sizeof tics - strlen(tics), "%s\"%s\" %d",
                 v ? ", " : "", variants[v].name, v);
    }
    plot_axes(p, "", "J after 40 updates");
    plot_set(p, "%s) rotate by 30 right", tics);
    plot_set(p, "xrange [-0.5:%g]", VARIANTS - 0.5);
    plot_line(p, "variant", "best", "the best: beta ln Z");
    plot_dashes(p, "variant", "reference", "the reference");
    plot_points(p, "variant", "J", "J = E r - beta KL");
    plot_points(p, "variant", "kl", "KL(pi || ref)");
    plot_end(p);
}

// KL(pi* || ref), where the next nat costs as much as it brings.
static double best_kl(const Enumerated *x, double beta) {
    double *star = allocate((size_t)x->space.size, sizeof *star);
    enumerable_optimum(star, x->log_ref, beta, &x->space);
    double kl = enumerable_measure(star, x->log_ref, beta, &x->space).kl;
    free(star);
    return kl;
}

static double least_of_others(const Measures found[VARIANTS]) {
    double least = INFINITY;
    for (int v = 0; v < VARIANTS; v++)
        if (v != NO_KL) least = fmin(least, found[v].objective);
    return least;
}

// What 40 updates reach.
static void claim_training(Lab *lab, Measures found[VARIANTS], double reference,
                           double best) {
    claim_at_least(lab, "5.62", "all tricks: J above the reference's", 0,
                   found[ALL].objective - reference);
    lab_print(lab, "the best policy: KL %.3f", best);
    // without the term nothing holds the policy: it passes the best one, and what it
    // gains after that does not pay for the way
    claim_at_least(lab, "5.63", "without the KL term: KL / the best policy's", 1,
                   found[NO_KL].kl / best);
    claim_at_most(lab, "5.63", "without the KL term: J less that of any other variant",
                  0, found[NO_KL].objective - least_of_others(found));
}

static void run(Lab *lab) {
    int runs = (int)option_int(&lab->args, "runs", 1, 100);
    double beta = option_real(&lab->args, "beta", 0.01, 100), above = -INFINITY;
    Measures found[VARIANTS] = {0};
    Enumerated x;
    EnumeratedShape shape = enumerated_shape();
    shape.longest = 3;
    enumerated_new(&x, shape, rng_split(&lab->rng, 0));
    double reference = enumerated_measure(&x, beta).reward;
    for (int v = 0; v < VARIANTS; v++) {
        for (int r = 0; r < runs; r++) {
            Measures m =
                train(lab, &x, &variants[v], rng_split(&lab->rng, (uint64_t)(1 + r)));
            found[v].objective += m.objective / runs, found[v].kl += m.kl / runs;
            found[v].reward += m.reward / runs, found[v].best = m.best;
            above = nan_max(above, m.objective - m.best);
            lab_progress(lab, v * runs + r + 1, VARIANTS * runs);
        }
        lab_print(lab, "%-14s J %7.4f of %.4f   reward %7.4f   KL %.3f",
                  variants[v].name, found[v].objective, found[v].best, found[v].reward,
                  found[v].kl);
    }
    claim_at_most(lab, "5.61", "J of any variant, above beta ln Z", 0, above);
    if (lab_at_defaults(lab)) claim_training(lab, found, reference, best_kl(&x, beta));
    draw(lab, found, reference);
    enumerated_free(&x);
}

const LabSpec lab_ppo_tricks = {"ppo-tricks", "5.7",
                                "PPO's tricks, one left out at a time", run, options};
