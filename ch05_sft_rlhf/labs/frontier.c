// The frontier: the most reward at each distance from the reference, and where PPO and
// DPO come to lie. Lecture, section 5.5.
//
// The curve is computed. The points are measured, as on a large model: reward and KL
// are means over answers that the policy has drawn, each with its standard error. A
// policy above the curve does not exist; one that is measured there has its KL wrong.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/preference_population.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"updates", "200", "of PPO, and steps of DPO"},
                                 {"answers", "256", "drawn for each update"},
                                 {"draws", "4000", "that measure a point"},
                                 {"rate", "3e-3", "the learning rate"},
                                 {0}};

enum { BETAS = 4, CURVE = 60, METHODS = 2 };
static const double betas[BETAS] = {0.3, 0.6, 1.2, 2.4};
static const char *const method_names[METHODS] = {"PPO", "DPO"};

typedef struct {
    double reward, reward_error, kl, kl_error;
    // r - beta l - beta ln Z(prompt): above 0 nobody can be
    double above, above_error;
    double wrong, wrong_error;  // the same without the first token's part of l
} Point;

static void ppo(Lab *lab, Enumerated *x, double beta, int updates) {
    PpoSettings s = ppo_defaults();
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    int answers = (int)option_int(&lab->args, "answers", 2, 100000);
    s.beta = beta, s.advantages = ADVANTAGE_CENTRED, s.epochs = s.minibatches = 1;
    s.gae.lambda = 1;
    Ppo p = enumerated_ppo(x, NULL, s);
    Draws d = draws_new(x, answers);
    Rng rng = rng_split(&lab->rng, 1);
    for (int i = 0; i < updates; i++) {
        draws_fill(&d, x, BASELINE_PROMPT, beta, &rng);
        ppo_step(&p, d.answers, d.rewards, d.count, d.values, rate);
    }
    draws_free(&d), ppo_free(&p);
}

static void dpo(Lab *lab, Enumerated *x, double beta, int steps) {
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    PreferencePopulation p =
        preference_population(x, (PreferenceSettings){PREFERENCE_DPO, beta, 0});
    Descent d = descent_new(x, (Schedule){rate, rate / 100, 0, steps});
    for (int i = 0; i < steps; i++) descent_step(&d, preference_population_loss, &p);
    descent_free(&d), preference_population_free(&p);
}

// ln (pi / ref) of each answer's first token, at one prompt: the two policies' own
// sums.
static void first_tokens(double *to, const Enumerated *x, int at) {
    enum { MOST_IDS = 27 };
    double pi[MOST_IDS] = {0}, ref[MOST_IDS] = {0};
    for (int pass = 0; pass < 2; pass++)
        for (int y = at; y < at + x->space.answers; y++) {
            int id = x->all[y].ids[ENUMERABLE_PROMPT];
            if (pass) to[y - at] = log(pi[id] / ref[id]);
            else pi[id] += exp(x->log_p[y]), ref[id] += exp(x->log_ref[y]);
        }
}

// Of the policy in x->log_p: from draws alone, but for ln Z.
static Point measure(Lab *lab, Enumerated *x, double beta, int draws) {
    const Enumerable *e = &x->space;
    Mean reward = {0}, kl = {0}, above = {0}, wrong = {0};
    Rng rng = rng_split(&lab->rng, 2);
    double *p = allocate((size_t)e->size, sizeof *p),
           *star = allocate((size_t)e->answers, sizeof *star),
           *first = allocate((size_t)e->answers, sizeof *first);
    for (int i = 0; i < e->size; i++) p[i] = exp(x->log_p[i]);
    for (int at = 0; at < e->size; at += e->answers) {
        double best =
            beta
            * optimal_policy(star, x->log_ref + at, e->reward + at, beta, e->answers);
        first_tokens(first, x, at);
        for (int i = 0; i < draws / e->prompts; i++) {
            int y = at + rng_categorical(&rng, p + at, e->answers);
            double l = x->log_p[y] - x->log_ref[y], v = e->reward[y] - beta * l - best;
            mean_add(&reward, e->reward[y]), mean_add(&kl, l);
            mean_add(&above, v), mean_add(&wrong, v + beta * first[y - at]);
        }
    }
    free(p), free(star), free(first);
    return (Point){mean_of(reward), mean_error(reward), mean_of(kl),
                   mean_error(kl),  mean_of(above),     mean_error(above),
                   mean_of(wrong),  mean_error(wrong)};
}

// Along the curve, dr / dKL = beta.
static void claim_slope(Lab *lab, const Enumerated *x) {
    double *star = allocate((size_t)x->space.size, sizeof *star), worst = 0;
    for (int i = 0; i < BETAS; i++) {
        double kl[2], reward[2], h = 1e-3;
        for (int side = 0; side < 2; side++) {
            double beta = betas[i] * (side ? 1 + h : 1 - h);
            enumerable_optimum(star, x->log_ref, beta, &x->space);
            Measures m = enumerable_measure(star, x->log_ref, beta, &x->space);
            kl[side] = m.kl, reward[side] = m.reward;
        }
        double slope = (reward[1] - reward[0]) / (kl[1] - kl[0]);
        worst = nan_max(worst, fabs(slope / betas[i] - 1));
    }
    // a difference over h = 1e-3 of beta: off by some h^2
    claim_near(lab, "5.44", "slope of the frontier / beta - 1, largest", 0, worst,
               1e-5);
    free(star);
}

static void claim_points(Lab *lab, Point points[METHODS][BETAS]) {
    double worst = -INFINITY;
    for (int k = 0; k < METHODS; k++)
        for (int i = 0; i < BETAS; i++) {
            const Point *p = &points[k][i];
            // rounding of logits in float: 1e-5
            worst = nan_max(worst, (p->above - 1e-5) / p->above_error);
        }
    claim_at_most(lab, "5.45", "points above the frontier, largest, standard errors", 3,
                  worst);
}

// pi* is on the frontier: r - beta l is the same for all its answers. With a mask that
// is off by one, and loses the first token, it is measured above, by beta times the KL
// of the first tokens: further than the claim before allows.
static void claim_wrong_kl(Lab *lab, Enumerated *x, int draws) {
    double on_it = 0, least = INFINITY;
    for (int i = 0; i < BETAS; i++) {
        enumerable_optimum(x->log_p, x->log_ref, betas[i], &x->space);
        Point p = measure(lab, x, betas[i], draws);
        on_it = nan_max(on_it, fabs(p.above));
        least = nan_min(least, p.wrong / p.wrong_error);
    }
    // sums of numbers below 10 in double
    claim_near(lab, "5.46", "pi* above the frontier, largest", 0, on_it, 1e-12);
    if (lab_at_defaults(lab))  // enough draws to tell
        claim_at_least(lab, "5.46",
                       "without the first token's KL, least, standard errors", 3,
                       least);
}

static void draw(Lab *lab, const Enumerated *x, Point points[METHODS][BETAS]) {
    Plot *p = plot_new(lab, "frontier", "kl frontier ppo dpo error kl_error");
    double *star = allocate((size_t)x->space.size, sizeof *star), farthest = 0;
    for (int k = 0; k < METHODS; k++)
        for (int i = 0; i < BETAS; i++) farthest = fmax(farthest, points[k][i].kl);
    for (int i = 0; i <= CURVE; i++) {
        double kl = 1.2 * farthest * i / CURVE;
        plot_row(p, kl, enumerable_frontier(x->log_ref, kl, &x->space), NAN, NAN, NAN,
                 NAN);
    }
    for (int k = 0; k < METHODS; k++)
        for (int i = 0; i < BETAS; i++) {
            const Point *q = &points[k][i];
            plot_row(p, q->kl, NAN, k == 0 ? q->reward : NAN, k == 1 ? q->reward : NAN,
                     q->reward_error, q->kl_error);
        }
    plot_axes(p, "KL(pi || ref), nats", "mean reward");
    plot_line(p, "kl", "frontier", "the frontier: pi* of every beta");
    plot_errors(p, "kl", "ppo", "error", "PPO, after 200 updates");
    plot_errors(p, "kl", "dpo", "error", "DPO, after 200 steps");
    plot_end(p), free(star);
}

static void run(Lab *lab) {
    int updates = (int)option_int(&lab->args, "updates", 1, 100000),
        draws = (int)option_int(&lab->args, "draws", 10, 10000000);
    Point points[METHODS][BETAS];
    Enumerated x;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    claim_slope(lab, &x);
    for (int k = 0; k < METHODS; k++)
        for (int i = 0; i < BETAS; i++) {
            enumerated_restart(&x);
            (k ? dpo : ppo)(lab, &x, betas[i], updates);
            enumerated_measure(&x, betas[i]);
            points[k][i] = measure(lab, &x, betas[i], draws);
            lab_print(
                lab,
                "%s, beta %.1f: KL %.3f, reward %.3f; J %.4f +- %.4f below the best",
                method_names[k], betas[i], points[k][i].kl, points[k][i].reward,
                -points[k][i].above, points[k][i].above_error);
            lab_progress(lab, k * BETAS + i + 1, METHODS * BETAS);
        }
    claim_points(lab, points);
    claim_wrong_kl(lab, &x, draws);
    draw(lab, &x, points);
    enumerated_free(&x);
}

const LabSpec lab_frontier = {"frontier", "5.5",
                              "Reward against distance: the frontier", run, options};
