// Where the KL term stands, and where that leads. Lecture, section 5.8.
//
// One transformer, one reward, one beta, six places for the KL term. Each fixed point
// is computed beforehand, answer by answer or prefix by prefix; then the policy
// descends, by exact expected gradients, and is laid beside it.
#include "ch05_sft_rlhf/kl_placement.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "common/program/plot.h"

static const Option options[] = {{"beta", "1", "of the KL term"},
                                 {"longest", "3", "tokens of an answer, at most"},
                                 {"steps", "600", "steps of each policy"},
                                 {"rate", "3e-3", "their learning rate"},
                                 {0}};

enum { EVERY = 10 };

typedef struct {
    PlacementKind kind;
    double beta;
} Place;

static Node *place_loss(Tape *t, Enumerated *x, void *place) {
    const Place *p = place;
    return placement_loss(t, &x->policy, p->kind, x->ref_tokens, p->beta, &x->space);
}

typedef struct {
    double to_star, predicted_to_star, to_fixed_point;  // total variations
    double certainty;
} Result;

// Of the likeliest answer: how far all has gone to one. The least over prompts.
static double certainty(const Enumerated *x) {
    const Enumerable *e = &x->space;
    double least = 1;
    for (int at = 0; at < e->size; at += e->answers) {
        double most = -INFINITY;
        for (int y = at; y < at + e->answers; y++) most = fmax(most, x->log_p[y]);
        least = fmin(least, exp(most));
    }
    return least;
}

// curve: of every tenth step, the total variation to pi*.
static Result descend(Lab *lab, Enumerated *x, Place place, int steps, double *curve) {
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    const Enumerable *e = &x->space;
    double *fixed = allocate((size_t)e->size, sizeof *fixed),
           *star = allocate((size_t)e->size, sizeof *star);
    Result r;
    placement_fixed_point(fixed, place.kind, x->ref_tokens, place.beta, e);
    enumerable_optimum(star, x->log_ref, place.beta, e);
    enumerated_restart(x);
    Descent d = descent_new(x, (Schedule){rate, rate / 100, 0, steps});
    for (int i = 0; i <= steps; i++) {
        if (i % EVERY == 0 || i == steps)
            curve[i / EVERY] = enumerated_measure(x, place.beta).total_variation;
        if (i < steps) descent_step(&d, place_loss, &place);
        lab_progress(lab, (int)place.kind + (double)i / steps, PLACEMENT_KINDS);
    }
    r.to_star = curve[steps / EVERY];
    r.predicted_to_star = enumerable_total_variation(fixed, star, e);
    r.to_fixed_point = enumerable_total_variation(x->log_p, fixed, e);
    r.certainty = certainty(x);
    descent_free(&d), free(fixed), free(star);
    return r;
}

// What 600 steps reach is not derived; 0.01 is a tenth, or less, of what lies between
// the fixed points.
static void claim(Lab *lab, const Result *r) {
    if (!lab_at_defaults(lab)) return;
    claim_at_most(lab, "5.68", "k1 in the reward: total variation to its fixed point",
                  0.01, r[PLACEMENT_REWARD].to_fixed_point);
    claim_at_most(lab, "5.68", "k2 in the loss: total variation to its fixed point",
                  0.01, r[PLACEMENT_LOSS_K2].to_fixed_point);
    // not always the best one: what is never drawn is never learned
    claim_at_least(lab, "5.69", "k1 in the loss: probability of one answer", 0.99,
                   r[PLACEMENT_LOSS_K1].certainty);
    claim_at_most(lab, "5.70", "k3 in the loss: total variation to its fixed point",
                  0.01, r[PLACEMENT_LOSS_K3].to_fixed_point);
    claim_at_most(lab, "5.71", "k2 on each token: total variation to its fixed point",
                  0.01, r[PLACEMENT_TOKEN_K2].to_fixed_point);
    claim_at_most(lab, "5.71", "k3 on each token: total variation to its fixed point",
                  0.01, r[PLACEMENT_TOKEN_K3].to_fixed_point);
    // twice the tolerance: the two cannot both be met
    claim_at_least(lab, "5.70", "k3 in the loss: total variation to pi*", 0.02,
                   r[PLACEMENT_LOSS_K3].to_star);
    claim_at_least(lab, "5.71", "k2 on each token: total variation to pi*", 0.02,
                   r[PLACEMENT_TOKEN_K2].to_star);
}

static void draw(Lab *lab, const double *curves, const Result *r, int steps) {
    int points = steps / EVERY + 1;
    char columns[512] = "step", title[160], name[16];
    for (int k = 0; k < PLACEMENT_KINDS; k++)
        snprintf(columns + strlen(columns), sizeof columns - strlen(columns),
                 " tv_%d predicted_%d", k, k);
    Plot *p = plot_new(lab, "kl_placement", columns);
    for (int i = 0; i < points; i++) {
        double row[1 + 2 * PLACEMENT_KINDS] = {i * EVERY};
        for (int k = 0; k < PLACEMENT_KINDS; k++)
            row[1 + 2 * k] = curves[k * points + i],
                        row[2 + 2 * k] = r[k].predicted_to_star > 0.0001
                                             ? r[k].predicted_to_star
                                             : NAN;
        plot_row_values(p, row);
    }
    plot_axes(p, "step", "total variation to pi*");
    plot_set(p, "logscale y"), plot_set(p, "yrange [0.0001:1]");
    static const char *const colours[PLACEMENT_KINDS] = {
        PLOT_BLUE, PLOT_BLACK, PLOT_SKY, PLOT_VERMILION, PLOT_GREEN, PLOT_ORANGE};
    for (int k = 0; k < PLACEMENT_KINDS; k++) {
        snprintf(name, sizeof name, "tv_%d", k);
        snprintf(title, sizeof title, "%s", placements[k].name);
        plot_series(p,
                    "using \"step\":\"%s\" with lines linewidth 2 %s linecolor \"%s\" "
                    "title \"%s\"",
                    name, k == PLACEMENT_LOSS_K2 ? "dashtype 2" : "", colours[k],
                    title);
        plot_series(p,
                    "using \"step\":\"predicted_%d\" with lines dashtype 3 linewidth 1 "
                    "linecolor \"%s\" notitle",
                    k, colours[k]);
    }
    plot_end(p);
}

static void run(Lab *lab) {
    double beta = option_real(&lab->args, "beta", 0.05, 100);
    int steps = (int)option_int(&lab->args, "steps", EVERY, 100000);
    int points = steps / EVERY + 1;
    double *curves = allocate((size_t)(points * PLACEMENT_KINDS), sizeof *curves);
    Result r[PLACEMENT_KINDS];
    Enumerated x;
    EnumeratedShape shape = enumerated_shape();
    shape.longest = (int)option_int(&lab->args, "longest", 1, 5);
    enumerated_new(&x, shape, rng_split(&lab->rng, 0));
    for (int k = 0; k < PLACEMENT_KINDS; k++)
        r[k] = descend(lab, &x, (Place){(PlacementKind)k, beta}, steps,
                       curves + k * points);
    lab_print(lab, "%-18s %22s %22s %18s", "KL term", "TV to pi*, predicted",
              "measured", "to its fixed point");
    for (int k = 0; k < PLACEMENT_KINDS; k++)
        lab_print(lab, "%-18s %22.4f %22.4f %18.4f", placements[k].name,
                  r[k].predicted_to_star, r[k].to_star, r[k].to_fixed_point);
    claim(lab, r);
    draw(lab, curves, r, steps);
    free(curves), enumerated_free(&x);
}

const LabSpec lab_kl_placement = {
    "kl-placement", "5.8", "Where each place of the KL term leads", run, options};
