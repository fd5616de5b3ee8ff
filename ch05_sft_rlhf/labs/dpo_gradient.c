// DPO's gradient: which pairs it works on. Lecture, section 5.9.
//
//     grad = -beta sigma(r_rejected - r_chosen) (grad ln pi(chosen) - grad ln pi(rejected))
//
// through a transformer, by the tape, and from the tape's gradients of the two
// log-probabilities alone.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/dpo.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/numeric/logistic.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"beta", "1", "of the loss"}, {"pairs", "12", "of answers"}, {0}};

enum { POINTS = 81 };

// Pairs of the same prompt, drawn alike from all answers but never twice the same.
static void draw_pairs(Lab *lab, const Enumerated *x, const Exchange **chosen,
                       const Exchange **rejected, int pairs) {
    const Enumerable *e = &x->space;
    for (int i = 0; i < pairs; i++) {
        int at = rng_below(&lab->rng, e->prompts) * e->answers,
            one = rng_below(&lab->rng, e->answers),
            other = (one + 1 + rng_below(&lab->rng, e->answers - 1)) % e->answers;
        chosen[i] = &x->all[at + one], rejected[i] = &x->all[at + other];
    }
}

// One pair: the tape's gradient of the loss against the formula. Returns the largest
// difference over the largest number; *weight is the pair's factor.
static double difference(Enumerated *x, Dpo *d, const Exchange *chosen,
                         const Exchange *rejected, double *margin, double *weight) {
    Params *p = &x->policy.params;
    size_t n = p->grad_size;
    real *found = allocate(n, sizeof *found);
    DpoBatch b = dpo_batch(d, &chosen, &rejected, 1);
    DpoStep at;
    double largest = 0, worst = 0, beta = d->settings.beta;
    tape_backward(d->tape, dpo_loss(d->tape, d, &b, &at));
    memcpy(found, p->grads, n * sizeof *found);
    params_zero_grads(p), tape_reset(d->tape);
    Node *sums = policy_sums(d->tape, &b.batch,
                             policy_pass(d->tape, d->policy, &b.batch).log_probs);
    tape_backward_from(d->tape, sums, mat_view((real[]){1, -1}, 2, 1));
    *margin = at.margin, *weight = beta * logistic(-at.margin);
    for (size_t i = 0; i < n; i++) {
        double expected = -*weight * (double)p->grads[i];
        largest = fmax(largest, fabs(expected));
        worst = nan_max(worst, fabs(expected - (double)found[i]));
    }
    params_zero_grads(p), tape_reset(d->tape);
    dpo_batch_free(&b), free(found);
    return worst / largest;
}

// A policy some way from the reference.
static void disturb(Enumerated *x, Rng *rng) {
    Params *p = &x->policy.params;
    for (size_t i = 0; i < p->size; i++) p->values[i] += (real)(0.1 * rng_normal(rng));
}

static void run(Lab *lab) {
    double beta = option_real(&lab->args, "beta", 1e-3, 100), worst = 0;
    int pairs = (int)option_int(&lab->args, "pairs", 1, 10000);
    Enumerated x;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    const Exchange **chosen = allocate((size_t)pairs, sizeof *chosen),
                   **rejected = allocate((size_t)pairs, sizeof *rejected);
    draw_pairs(lab, &x, chosen, rejected, pairs);
    Dpo d =
        dpo_new(&x.policy, &x.reference, (PreferenceSettings){PREFERENCE_DPO, beta, 0},
                (OptimiserSettings){.kind = OPTIMISER_ADAM});
    DpoBatch b = dpo_batch(&d, chosen, rejected, pairs);
    DpoStep at;
    dpo_loss(d.tape, &d, &b, &at), tape_reset(d.tape);
    // every margin is 0 exactly; their mean is one rounding to float away
    claim_near(lab, "5.72", "the loss where pi = ref", log(2), at.loss, 6e-8);
    claim_near(lab, "5.72", "and the margin", 0, at.margin, 0);
    dpo_batch_free(&b);
    disturb(&x, &lab->rng);
    Plot *p = plot_new(lab, "dpo_gradient", "margin weight measured");
    for (int i = 0; i < pairs; i++) {
        double margin, weight;
        worst = nan_max(worst,
                        difference(&x, &d, chosen[i], rejected[i], &margin, &weight));
        plot_row(p, margin, NAN, weight / beta);
    }
    // float: 6e-8 at each of some hundred operations on the way
    claim_near(lab, "5.73", "tape's gradient less formula / largest number, worst pair",
               0, worst, 1e-5);
    for (int i = 0; i < POINTS; i++) {
        double margin = 4.0 * (2.0 * i / (POINTS - 1) - 1);
        plot_row(p, margin, logistic(-margin), NAN);
    }
    plot_axes(p, "margin beta (h chosen - h rejected)", "weight of the pair / beta");
    plot_line(p, "margin", "weight", "sigma(-margin)");
    plot_points(p, "margin", "measured", "pairs of answers");
    plot_end(p);
    dpo_free(&d), free(chosen), free(rejected), enumerated_free(&x);
}

const LabSpec lab_dpo_gradient = {"dpo-gradient", "5.9", "Which pairs DPO works on",
                                  run, options};
