// GAE: what lambda buys and what it costs. Lecture, section 5.6.
//
//     E[A^lambda | s, a] - A = -e(s) + (1 - lambda) sum_k gamma^(k+1) lambda^k E[e(s_(k+1)) | s, a]
//
// for a critic that is wrong by e. A chain of five states with two actions, on which V
// and Q are sums; then advantages of trajectories drawn from it.
#include "ch05_sft_rlhf/gae.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch04_pretrain/dirichlet.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { STATES = 5, ACTIONS = 2, LAMBDAS = 6, STEPS = 120, SWEEPS = 4000 };
static const double lambdas[LAMBDAS] = {0, 0.5, 0.8, 0.9, 0.95, 1};
static const double GAMMA = 0.9;

static const Option options[] = {{"error", "0.5", "deviation of the critic's errors"},
                                 {"draws", "4000", "trajectories"},
                                 {0}};

typedef struct {
    double next[STATES][ACTIONS][STATES], reward[STATES][ACTIONS];
    double policy[STATES][ACTIONS];
    double value[STATES];  // V
    double error[STATES];  // of the critic
} Chain;

// The mean of x at the next state.
static double ahead(const Chain *c, int s, int a, const double *x) {
    double sum = 0;
    for (int k = 0; k < STATES; k++) sum += c->next[s][a][k] * x[k];
    return sum;
}

// Iterates a contraction by gamma until nothing is left to change.
static Chain chain_new(Rng *rng, double error) {
    Chain c = {0};
    for (int s = 0; s < STATES; s++) {
        c.error[s] = error * rng_normal(rng);
        rng_dirichlet(rng, 1, c.policy[s], ACTIONS);
        for (int a = 0; a < ACTIONS; a++) {
            rng_dirichlet(rng, 1, c.next[s][a], STATES);
            c.reward[s][a] = rng_normal(rng);
        }
    }
    for (int i = 0; i < SWEEPS; i++)
        for (int s = 0; s < STATES; s++) {
            double sum = 0;
            for (int a = 0; a < ACTIONS; a++)
                sum += c.policy[s][a]
                       * (c.reward[s][a] + GAMMA * ahead(&c, s, a, c.value));
            c.value[s] = sum;
        }
    return c;
}

static double advantage(const Chain *c, int s, int a) {
    return c->reward[s][a] + GAMMA * ahead(c, s, a, c->value) - c->value[s];
}

static double mean_action(const Chain *c, int s, double x[STATES][ACTIONS]) {
    double sum = 0;
    for (int a = 0; a < ACTIONS; a++) sum += c->policy[s][a] * x[s][a];
    return sum;
}

// E[A^lambda | s, a] by its own recursion: the surprise, and gamma lambda times the
// next state's.
static void expected(const Chain *c, double lambda, double to[STATES][ACTIONS]) {
    double critic[STATES], mean[STATES] = {0};
    for (int s = 0; s < STATES; s++) critic[s] = c->value[s] + c->error[s];
    for (int i = 0; i < SWEEPS; i++)
        for (int s = 0; s < STATES; s++) {
            for (int a = 0; a < ACTIONS; a++)
                to[s][a] = c->reward[s][a] + GAMMA * ahead(c, s, a, critic) - critic[s]
                           + GAMMA * lambda * ahead(c, s, a, mean);
            mean[s] = mean_action(c, s, to);
        }
}

// The formula: errors of the critic along the way, term by term.
static double bias(const Chain *c, double lambda, int s, int a) {
    double e[STATES], sum = -c->error[s], factor = (1 - lambda) * GAMMA;
    for (int k = 0; k < STATES; k++) e[k] = c->error[k];
    for (int i = 0; i < SWEEPS && factor > 1e-18; i++, factor *= GAMMA * lambda) {
        double later[STATES];
        sum += factor * ahead(c, s, a, e);
        for (int k = 0; k < STATES; k++) {
            later[k] = 0;
            for (int b = 0; b < ACTIONS; b++)
                later[k] += c->policy[k][b] * ahead(c, k, b, e);
        }
        for (int k = 0; k < STATES; k++) e[k] = later[k];
    }
    return sum;
}

// The second moment of A^lambda by the same recursion: with g = gamma lambda and the
// next state's advantages of the mean mu and the second moment m, that of delta + g A
// is E[delta^2 + 2 g delta mu + g^2 m]. The variance is this less the mean's square.
static double exact_deviation(const Chain *c, double lambda, int state, int action) {
    double to[STATES][ACTIONS], mean[STATES], second[STATES] = {0}, found = 0;
    double critic[STATES], g = GAMMA * lambda;
    expected(c, lambda, to);
    for (int s = 0; s < STATES; s++)
        mean[s] = mean_action(c, s, to), critic[s] = c->value[s] + c->error[s];
    for (int i = 0; i < SWEEPS; i++)
        for (int s = 0; s < STATES; s++) {
            double of[ACTIONS] = {0}, sum = 0;
            for (int a = 0; a < ACTIONS; a++) {
                for (int k = 0; k < STATES; k++) {
                    double delta = c->reward[s][a] + GAMMA * critic[k] - critic[s];
                    of[a] +=
                        c->next[s][a][k]
                        * (delta * delta + 2 * g * delta * mean[k] + g * g * second[k]);
                }
                sum += c->policy[s][a] * of[a];
            }
            second[s] = sum;
            if (s == state) found = of[action];
        }
    return sqrt(found - to[state][action] * to[state][action]);
}

static void claim_identity(Lab *lab, const Chain *c) {
    double worst = 0, apart = 0, to[STATES][ACTIONS];
    for (int i = 0; i < LAMBDAS; i++) {
        expected(c, lambdas[i], to);
        for (int s = 0; s < STATES; s++)
            for (int a = 0; a < ACTIONS; a++)
                worst = nan_max(worst, fabs(to[s][a] - advantage(c, s, a)
                                            - bias(c, lambdas[i], s, a)));
    }
    for (int s = 0; s < STATES; s++)
        apart = nan_max(apart, fabs(bias(c, 1, s, 0) - bias(c, 1, s, 1)));
    // sums of numbers below 10, rounded some hundred times
    claim_near(lab, "5.48", "bias of A^lambda: recursion less formula, largest", 0,
               worst, 1e-12);
    claim_near(lab, "5.49", "lambda = 1: bias of one action less the other's", 0, apart,
               0);
}

typedef struct {
    Mean first[LAMBDAS][ACTIONS];    // A^lambda of the first step, from state 0
    Mean squares[LAMBDAS][ACTIONS];  // of what it is off its mean
    double mean[LAMBDAS][ACTIONS], deviation[LAMBDAS][ACTIONS];  // exact
} Sample;

static Sample sample_new(const Chain *c) {
    Sample s = {0};
    for (int i = 0; i < LAMBDAS; i++)
        for (int a = 0; a < ACTIONS; a++) {
            s.mean[i][a] = advantage(c, 0, a) + bias(c, lambdas[i], 0, a);
            s.deviation[i][a] = exact_deviation(c, lambdas[i], 0, a);
        }
    return s;
}

static void draw_one(const Chain *c, Rng *rng, Sample *sample) {
    double rewards[STEPS], values[STEPS + 1], advantages[STEPS];
    int s = 0, first = 0;
    for (int t = 0; t < STEPS; t++) {
        int a = rng_categorical(rng, c->policy[s], ACTIONS);
        if (t == 0) first = a;
        rewards[t] = c->reward[s][a], values[t] = c->value[s] + c->error[s];
        s = rng_categorical(rng, c->next[s][a], STATES);
    }
    values[STEPS] = c->value[s] + c->error[s];
    for (int i = 0; i < LAMBDAS; i++) {
        gae(advantages, NULL, rewards, values, STEPS, values[STEPS],
            (GaeSettings){GAMMA, lambdas[i]});
        double off = advantages[0] - sample->mean[i][first];
        mean_add(&sample->first[i][first], advantages[0]);
        mean_add(&sample->squares[i][first], off * off);
    }
}

static void claim_sample(Lab *lab, const Sample *s) {
    double worst_mean = 0, worst_square = 0;
    for (int i = 0; i < LAMBDAS; i++)
        for (int a = 0; a < ACTIONS; a++) {
            Mean m = s->first[i][a], q = s->squares[i][a];
            double variance = s->deviation[i][a] * s->deviation[i][a];
            worst_mean =
                nan_max(worst_mean, fabs(mean_of(m) - s->mean[i][a]) / mean_error(m));
            worst_square =
                nan_max(worst_square, fabs(mean_of(q) - variance) / mean_error(q));
        }
    // gamma^120 = 3e-6 of what comes after is the critic's word
    claim_at_most(lab, "5.50", "mean of A^lambda drawn, less A + bias, standard errors",
                  5, worst_mean);
    claim_at_most(lab, "5.51",
                  "variance of A^lambda drawn, less exact, standard errors", 5,
                  worst_square);
    // not of every critic: one that is wrong enough is noisier at lambda = 0
    if (lab_at_defaults(lab))
        claim_at_least(lab, "5.51", "exact deviation, lambda = 1 / lambda = 0", 1.5,
                       s->deviation[LAMBDAS - 1][0] / s->deviation[0][0]);
}

static void draw(Lab *lab, const Chain *c, const Sample *s) {
    enum { POINTS = 50 };
    Plot *p = plot_new(lab, "gae", "lambda bias exact measured error deviation");
    for (int i = 0; i <= POINTS; i++) {
        double at = (double)i / POINTS;
        plot_row(p, at, bias(c, at, 0, 0) - bias(c, at, 0, 1),
                 exact_deviation(c, at, 0, 0), NAN, NAN, NAN);
    }
    for (int i = 0; i < LAMBDAS; i++) {
        Mean one = s->first[i][0], other = s->first[i][1];
        plot_row(
            p, lambdas[i], NAN, NAN,
            mean_of(one) - mean_of(other) - (advantage(c, 0, 0) - advantage(c, 0, 1)),
            hypot(mean_error(one), mean_error(other)), sqrt(mean_of(s->squares[i][0])));
    }
    plot_axes(p, "lambda", "advantage");
    plot_line(p, "lambda", "bias", "bias between the actions: formula");
    plot_line(p, "lambda", "exact", "standard deviation of A: recursion");
    plot_errors(p, "lambda", "measured", "error", "bias, drawn");
    plot_points(p, "lambda", "deviation", "deviation, drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    int draws = (int)option_int(&lab->args, "draws", 100, 10000000);
    Chain c = chain_new(&lab->rng, option_real(&lab->args, "error", 0, 100));
    claim_identity(lab, &c);
    Sample sample = sample_new(&c);
    for (int i = 0; i < draws; i++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)i);
        draw_one(&c, &rng, &sample);
    }
    claim_sample(lab, &sample);
    draw(lab, &c, &sample);
}

const LabSpec lab_gae = {"gae", "5.6", "Advantages: what lambda buys and costs", run,
                         options};
