// Answers grow longer where longer was preferred. Lecture, section 5.14.
//
// Of two answers the longer one is preferred with probability .6, whatever it says. All
// pairs of the enumerable problem, each with its chance, are the data. Labels depend on
// lengths alone, so by symmetry the best rewards do: r(1) .. r(4), found by descent on
// Bradley and Terry's loss. From there the best policy is known:
//
//     DPO         beta h(y) = r(|y|) + c             h = ln (pi / ref), a sum over tokens
//     normalised  beta h(y) / |y| = r(|y|) + c       the mean over tokens in its place
//
// with c such that the probabilities add up to 1.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/preference_population.h"
#include "common/numeric/logistic.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"preferred", "0.6", "how often the longer of two is preferred"},
    {"beta", "0.5", "of both losses"},
    {"steps", "300", "of Adam, by expected gradients"},
    {"rate", "1e-2", "the learning rate at the beginning"},
    {0}};

enum { LENGTHS = 4 };

typedef struct {
    Enumerated *x;
    PreferencePopulation pairs;
    bool normalised;
} Task;

static int length_of(const Enumerable *e, int i) {
    return enumerable_length(e, i % e->answers);
}

// The population's pairs, each with the chance that its first is preferred.
static void label(Task *t, double longer) {
    const Enumerable *e = &t->x->space;
    double total = 0;
    for (size_t k = 0; k < t->pairs.count; k++) {
        Preferred *p = &t->pairs.pairs[k];
        int a = length_of(e, (int)p->chosen), b = length_of(e, (int)p->rejected);
        double wins = a > b ? longer : a < b ? 1 - longer : 0.5;
        p->weight = wins * exp(t->x->log_ref[p->chosen] + t->x->log_ref[p->rejected]);
        total += p->weight;
    }
    for (size_t k = 0; k < t->pairs.count; k++) t->pairs.pairs[k].weight /= total;
}

// ---- what is expected

// r of each length: the minimum of a convex function, by plain descent.
static void best_rewards(double r[LENGTHS + 1], const Task *t) {
    double weight[LENGTHS + 1][LENGTHS + 1] = {{0}};
    const Enumerable *e = &t->x->space;
    for (size_t k = 0; k < t->pairs.count; k++) {
        const Preferred *p = &t->pairs.pairs[k];
        weight[length_of(e, (int)p->chosen)][length_of(e, (int)p->rejected)] +=
            p->weight;
    }
    for (int a = 0; a <= LENGTHS; a++) r[a] = 0;
    for (int step = 0; step < 20000; step++) {
        double slope[LENGTHS + 1] = {0};
        for (int a = 1; a <= LENGTHS; a++)
            for (int b = 1; b <= LENGTHS; b++) {
                double s = weight[a][b] * logistic(r[b] - r[a]);
                slope[a] -= s, slope[b] += s;
            }
        for (int a = 1; a <= LENGTHS; a++) r[a] -= slope[a];
    }
}

// The mean length of one prompt's answers under ref e^h, h from r and c; *sum: of all
// probabilities.
static double length_at(const Task *t, const double *r, double beta, int first,
                        double c, double *sum) {
    const Enumerable *e = &t->x->space;
    double length = 0;
    *sum = 0;
    for (int i = first; i < first + e->answers; i++) {
        int n = length_of(e, i);
        double h = (r[n] + c) * (t->normalised ? n : 1) / beta;
        double p = exp(t->x->log_ref[i] + h);
        *sum += p, length += p * n;
    }
    return length / *sum;
}

static double expected_length(const Task *t, const double *r, double beta) {
    const Enumerable *e = &t->x->space;
    double mean = 0;
    for (int first = 0; first < e->size; first += e->answers) {
        double low = -20, high = 20, sum, length = 0;
        for (int i = 0; i < 80; i++) {
            double c = (low + high) / 2;
            length = length_at(t, r, beta, first, c, &sum);
            if (sum > 1) high = c;
            else low = c;
        }
        mean += length / e->prompts;
    }
    return mean;
}

// ---- what is trained

static Node *loss_of(Tape *t, Enumerated *x, void *task) {
    const Task *of = task;
    Mat ref = tape_mat(t, x->space.size, 1), share = tape_mat(t, x->space.size, 1);
    for (int i = 0; i < ref.rows; i++) {
        *mat_at(ref, i, 0) = (real)x->log_ref[i];
        *mat_at(share, i, 0) =
            of->normalised ? 1 / (real)length_of(&x->space, i) : (real)1;
    }
    Node *h = subtract(t, enumerable_log_probs(t, &x->policy, &x->space),
                       constant_node(t, ref));
    return preference_node(t, scale_rows(t, h, constant_node(t, share)),
                           of->pairs.pairs, of->pairs.count, &of->pairs.settings);
}

static double mean_length(Enumerated *x) {
    const Enumerable *e = &x->space;
    double mean = 0;
    enumerable_policy(x->log_p, &x->policy, e);
    for (int i = 0; i < e->size; i++)
        mean += exp(x->log_p[i]) * length_of(e, i) / e->prompts;
    return mean;
}

typedef struct {
    double begin, end, expected;
} Growth;

static Growth grow(Lab *lab, Task *t, double *track, int steps) {
    double rate = option_real(&lab->args, "rate", 1e-6, 1), r[LENGTHS + 1];
    enumerated_restart(t->x);
    Growth g = {.begin = mean_length(t->x)};
    Descent d = descent_new(t->x, (Schedule){rate, rate / 100, 0, steps});
    for (int k = 0; k < steps; k++) {
        descent_step(&d, loss_of, t);
        track[k] = (k + 1) % 10 == 0 || k < 10 ? mean_length(t->x) : NAN;
        lab_progress(lab, k + 1, steps);
    }
    descent_free(&d);
    best_rewards(r, t);
    g.end = mean_length(t->x);
    g.expected = expected_length(t, r, t->pairs.settings.beta);
    return g;
}

static void draw(Lab *lab, const Growth g[2], double *const track[2], int steps) {
    Plot *p =
        plot_new(lab, "dpo_length",
                 "step dpo dpo_expected normalised normalised_expected reference");
    for (int k = 0; k < steps; k++)
        if (!isnan(track[0][k]))
            plot_row(p, k + 1, track[0][k], g[0].expected, track[1][k], g[1].expected,
                     g[0].begin);
    plot_axes(p, "step", "tokens per answer");
    plot_line(p, "step", "dpo_expected", "DPO, expected");
    plot_line(p, "step", "normalised_expected", "normalised, expected");
    plot_dashes(p, "step", "reference", "the reference");
    plot_points(p, "step", "dpo", "DPO");
    plot_points(p, "step", "normalised", "normalised by length");
    plot_end(p);
}

static void run(Lab *lab) {
    static Enumerated x;
    int steps = (int)option_int(&lab->args, "steps", 1, 100000);
    double beta = option_real(&lab->args, "beta", 0.05, 100);
    Growth g[2];
    double *track[2];
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    Task t = {.x = &x,
              .pairs = preference_population(
                  &x, (PreferenceSettings){PREFERENCE_DPO, beta, 0})};
    label(&t, option_real(&lab->args, "preferred", 0.5, 0.99));
    for (int k = 0; k < 2; k++) {
        track[k] = allocate((size_t)steps, sizeof(double));
        t.normalised = k;
        g[k] = grow(lab, &t, track[k], steps);
        lab_print(lab, "%-11s tokens per answer: %.3f, then %.3f; expected %.3f",
                  k ? "normalised:" : "DPO:", g[k].begin, g[k].end, g[k].expected);
    }
    if (lab_at_defaults(lab)) {
        // what 300 steps leave: a fiftieth of a token
        claim_near(lab, "5.129", "DPO: tokens per answer", g[0].expected, g[0].end,
                   0.02);
        claim_near(lab, "5.129", "normalised by length: tokens per answer",
                   g[1].expected, g[1].end, 0.02);
        claim_at_least(lab, "5.129", "tokens that DPO has added", 0.1,
                       g[0].end - g[0].begin);
    }
    draw(lab, g, track, steps);
    for (int k = 0; k < 2; k++) free(track[k]);
    preference_population_free(&t.pairs), enumerated_free(&x);
}

const LabSpec lab_dpo_length = {"dpo-length", "5.14",
                                "Answers grow longer where longer was preferred", run,
                                options};
