// A policy moves away from what its reward model knows. Lecture, section 5.4.
//
// The symbol d is rare. The first one in an answer is welcome, a second is not. The reward
// model is as simple as one can be, a value per symbol, and is fitted to answers of the
// first policy. It learns, rightly, that d is good there. Then the policy is tilted by its
// scores: pi = pi_ref e^(score/beta) / Z. Refreshed means fitted again, with as many pairs
// of the tilted policy as of each one before it. Every number is a sum over all answers or
// pairs.
#include <math.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/preference_world.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/numeric/least_squares.h"
#include "common/numeric/logistic.h"
#include "common/program/plot.h"

enum { POINTS = 33, MOST_ROUNDS = 16, RARE = WORLD_SYMBOLS - 1 };

static const Option options[] = {
    {"share", "0.08", "of the rare symbol"},
    {"again", "-2", "what each d after the first is worth"},
    {"beta", "0.5", "of the policies at which the model is refreshed"},
    {"rounds", "8", "of refreshing"},
    {"forget", OPTION_FLAG, "all policies but the first and the last"},
    {0}};

typedef struct {
    World world;
    Table policy, gold;
    double counts[WORLD_ANSWERS][WORLD_SYMBOLS];
} Setting;

static Setting setting_new(double rare, double again) {
    static const double values[WORLD_SYMBOLS] = {0.2, -0.3, 0.3, 1.5};
    double shares[WORLD_SYMBOLS] = {0.45 * (1 - rare), 0.35 * (1 - rare),
                                    0.2 * (1 - rare), rare};
    Setting s = {.world = world_new()};
    s.policy = world_policy(&s.world, shares);
    for (int i = 0; i < WORLD_ANSWERS; i++) {
        const int *symbols;
        int n = world_symbols(&s.world, i, &symbols);
        double sum = 0;
        for (int k = 0; k < n; k++) {
            bool is_again = symbols[k] == RARE && s.counts[i][RARE]++ > 0;
            if (symbols[k] != RARE) s.counts[i][symbols[k]]++;
            sum += is_again ? again : values[symbols[k]];
        }
        for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++)
            s.gold.at[prompt][i] = sum;
    }
    return s;
}

// ---- the reward model: scores = counts . values

static Table scores_of(const Setting *s, const double values[WORLD_SYMBOLS]) {
    Table scores;
    for (int i = 0; i < WORLD_ANSWERS; i++) {
        double sum = 0;
        for (int k = 0; k < WORLD_SYMBOLS; k++) sum += values[k] * s->counts[i][k];
        for (int prompt = 0; prompt < WORLD_PROMPTS; prompt++)
            scores.at[prompt][i] = sum;
    }
    return scores;
}

// Gradient and second derivatives of the expected loss of pairs of a policy.
static void derivatives(const Setting *s, const Table *policy, const Table *scores,
                        double gradient[WORLD_SYMBOLS],
                        double hessian[WORLD_SYMBOLS * WORLD_SYMBOLS]) {
    const double *p = policy->at[0], *r = s->gold.at[0], *says = scores->at[0];
    for (int i = 0; i < WORLD_ANSWERS; i++)
        for (int j = 0; j < WORLD_ANSWERS; j++) {
            double off[WORLD_SYMBOLS], said = logistic(says[i] - says[j]);
            double slope = p[i] * p[j] * (said - logistic(r[i] - r[j])),
                   bend = p[i] * p[j] * said * (1 - said);
            for (int k = 0; k < WORLD_SYMBOLS; k++)
                off[k] = s->counts[i][k] - s->counts[j][k];
            for (int k = 0; k < WORLD_SYMBOLS; k++) {
                gradient[k] += slope * off[k];
                for (int l = 0; l < WORLD_SYMBOLS; l++)
                    hessian[k * WORLD_SYMBOLS + l] += bend * off[k] * off[l];
            }
        }
}

// The values with the least expected loss, on as many pairs of each of these policies.
// Newton's method: the loss is convex.
static void fit(const Setting *s, const Table *policies, int count,
                double values[WORLD_SYMBOLS]) {
    for (int step = 0; step < 12; step++) {
        double gradient[WORLD_SYMBOLS] = {0}, change[WORLD_SYMBOLS],
               hessian[WORLD_SYMBOLS * WORLD_SYMBOLS] = {0};
        Table scores = scores_of(s, values);
        for (int k = 0; k < count; k++)
            derivatives(s, &policies[k], &scores, gradient, hessian);
        least_squares(change, hessian, gradient, WORLD_SYMBOLS, WORLD_SYMBOLS);
        for (int k = 0; k < WORLD_SYMBOLS; k++) values[k] -= change[k];
    }
}

// ---- the policy: tilted by scores

typedef struct {
    Table policy;
    double kl, score, gold;  // from pi_ref; and gained over it
} Tilted;

static Tilted tilt(const Setting *s, const Table *scores, double beta) {
    Tilted t;
    double log_ref[WORLD_ANSWERS], log_star[WORLD_ANSWERS];
    for (int i = 0; i < WORLD_ANSWERS; i++) log_ref[i] = log(s->policy.at[0][i]);
    optimal_policy(log_star, log_ref, scores->at[0], beta, WORLD_ANSWERS);
    for (int k = 0; k < WORLD_ALL; k++)
        t.policy.at[k / WORLD_ANSWERS][k % WORLD_ANSWERS] =
            exp(log_star[k % WORLD_ANSWERS]);
    t.kl = policy_kl(log_star, log_ref, WORLD_ANSWERS);
    t.score = world_mean(&t.policy, scores) - world_mean(&s->policy, scores);
    t.gold = world_mean(&t.policy, &s->gold) - world_mean(&s->policy, &s->gold);
    return t;
}

static double covariance(const Table *policy, const Table *a, const Table *b) {
    double sum = 0, mean_a = world_mean(policy, a), mean_b = world_mean(policy, b);
    for (int i = 0; i < WORLD_ANSWERS; i++)
        sum += policy->at[0][i] * (a->at[0][i] - mean_a) * (b->at[0][i] - mean_b);
    return sum;
}

static double beta_of(int point) { return 8 * pow(2, -point / 4.0); }

// ---- claims

// dE[x] / d(1/beta) = Cov(x, score), for the score itself and for what it stands for.
static void claim_slopes(Lab *lab, const Setting *s, const Table *scores) {
    double worst[2] = {0}, h = 1e-4;
    for (int i = 0; i < POINTS; i += 4) {
        double inverse = 1 / beta_of(i);
        Tilted now = tilt(s, scores, 1 / inverse),
               less = tilt(s, scores, 1 / (inverse - h)),
               more = tilt(s, scores, 1 / (inverse + h));
        worst[0] = nan_max(worst[0], fabs((more.score - less.score) / (2 * h)
                                          - covariance(&now.policy, scores, scores)));
        worst[1] = nan_max(worst[1], fabs((more.gold - less.gold) / (2 * h)
                                          - covariance(&now.policy, &s->gold, scores)));
    }
    // central differences: h^2 times third derivatives of some 30 at most
    claim_near(lab, "5.37", "d score / d(1/beta) less its variance, worst", 0, worst[0],
               1e-6);
    claim_near(lab, "5.37", "d reward / d(1/beta) less the covariance", 0, worst[1],
               1e-6);
}

static void claim_turn(Lab *lab, const Setting *s, const Table *scores) {
    int peak = 0, zero = 0;
    double most = -INFINITY;
    for (int i = 0; i < POINTS; i++) {
        Tilted t = tilt(s, scores, beta_of(i));
        if (t.gold > most) most = t.gold, peak = i;
        if (covariance(&t.policy, &s->gold, scores) > 0) zero = i + 1;
    }
    Tilted last = tilt(s, scores, beta_of(POINTS - 1));
    lab_print(lab,
              "the reward is largest at beta = %.3g, +%.3f; at beta = %.3g: %+.3f, "
              "score %+.2f",
              beta_of(peak), most, beta_of(POINTS - 1), last.gold, last.score);
    // the largest of points a factor 2^(1/4) apart is next to where the slope is 0
    claim_near(lab, "5.38", "point of the largest reward, and of covariance 0", zero,
               peak, 1);
    if (!lab_at_defaults(lab)) return;
    claim_at_most(lab, "5.38", "reward gained at the end: none", 0, last.gold);
}

// Values after all rounds, and the policy at beta.
static Tilted refresh(Lab *lab, const Setting *s, double values[WORLD_SYMBOLS],
                      double beta, int rounds, bool forget) {
    static Table policies[1 + MOST_ROUNDS];
    policies[0] = s->policy;
    for (int round = 1, count = 1;; round++) {
        Table scores = scores_of(s, values);
        Tilted t = tilt(s, &scores, beta);
        lab_print(lab, "after %d rounds: d is worth %.2f, the reward is %+.3f",
                  round - 1, values[RARE], t.gold);
        if (round > rounds) return t;
        count = forget ? 2 : 1 + round;
        policies[count - 1] = t.policy;
        fit(s, policies, count, values);
    }
}

static void claim_refreshed(Lab *lab, const Setting *s, Tilted stale, Tilted fresh,
                            double beta) {
    Tilted best = tilt(s, &s->gold, beta);
    // J = reward - beta KL, which only the tilt by the reward itself makes largest
    double j_stale = stale.gold - beta * stale.kl,
           j_fresh = fresh.gold - beta * fresh.kl, j_best = best.gold - beta * best.kl;
    lab_print(lab, "reward - beta KL: stale %.3f, refreshed %.3f, best %.3f", j_stale,
              j_fresh, j_best);
    claim_at_most(lab, "5.39", "refreshed: at most the tilt by the reward", j_best,
                  j_fresh);
    if (!lab_at_defaults(lab)) return;
    claim_at_most(lab, "5.39", "stale, reward - beta KL: at most refreshed", j_fresh,
                  j_stale);
    // not derived: a value per symbol cannot say more
    claim_at_least(lab, "5.39", "share of the loss that refreshing repairs", 0.3,
                   (j_fresh - j_stale) / (j_best - j_stale));
}

static void draw(Lab *lab, const Setting *s, const Table *stale, const Table *fresh) {
    Plot *p = plot_new(lab, "stale_reward",
                       "beta kl_stale score reward kl_fresh fresh kl_best best");
    for (int i = 0; i < POINTS; i++) {
        Tilted a = tilt(s, stale, beta_of(i)), b = tilt(s, fresh, beta_of(i)),
               best = tilt(s, &s->gold, beta_of(i));
        plot_row(p, beta_of(i), a.kl, a.score, a.gold, b.kl, b.gold, best.kl,
                 best.gold);
    }
    plot_axes(p, "KL from the first policy, nats", "gained");
    plot_set(p, "xrange [0:5]"), plot_set(p, "yrange [-2:3]");
    plot_set(p, "key left top");
    plot_line(p, "kl_best", "best", "the most that can be had");
    plot_dashes(p, "kl_stale", "score", "score of the stale model");
    plot_points(p, "kl_stale", "reward", "reward, stale model");
    plot_points(p, "kl_fresh", "fresh", "reward, refreshed");
    plot_end(p);
}

static void run(Lab *lab) {
    double beta = option_real(&lab->args, "beta", 0.05, 100),
           values[WORLD_SYMBOLS] = {0};
    int rounds = (int)option_int(&lab->args, "rounds", 1, MOST_ROUNDS);
    Setting s = setting_new(option_real(&lab->args, "share", 0.001, 0.5),
                            option_real(&lab->args, "again", -20, 0));
    fit(&s, &s.policy, 1, values);
    Table stale = scores_of(&s, values);
    claim_slopes(lab, &s, &stale);
    claim_turn(lab, &s, &stale);
    Tilted fresh =
        refresh(lab, &s, values, beta, rounds, option_flag(&lab->args, "forget"));
    claim_refreshed(lab, &s, tilt(&s, &stale, beta), fresh, beta);
    Table scores = scores_of(&s, values);
    draw(lab, &s, &stale, &scores);
    world_free(&s.world);
}

const LabSpec lab_stale_reward = {
    "stale-reward", "5.4", "The policy moves, the reward model does not", run, options};
