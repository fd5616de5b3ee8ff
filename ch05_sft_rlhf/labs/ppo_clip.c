// PPO's clip: four corners, two of them flat, and a ratio that it does not bound.
// Lecture, section 5.7.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/clipped.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/program/plot.h"

static const Option options[] = {{"clip", "0.2", "epsilon"},
                                 {"epochs", "20", "over one batch"},
                                 {"rate", "1e-2", "their learning rate"},
                                 {0}};

enum { POINTS = 161, ANSWERS = 64 };

// What a derivative taken by differences says, away from the two corners.
static void claim_corners(Lab *lab, double eps) {
    const double H = 1e-6;
    int wrong = 0;
    double worst = 0;
    for (int i = 0; i < POINTS; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double ratio = 2.0 * (i + 0.5) / POINTS, x = log(ratio);
            if (fabs(fabs(ratio - 1) - eps) < 1e-3) continue;
            Clipped c = clipped_objective(x, 0, sign, eps);
            double slope = (clipped_objective(x + H, 0, sign, eps).value
                            - clipped_objective(x - H, 0, sign, eps).value)
                           / (2 * H);
            bool flat = sign > 0 ? ratio > 1 + eps : ratio < 1 - eps;
            wrong += flat != (slope == 0);
            worst = nan_max(worst, fabs(slope - c.slope));
        }
    claim_equal(lab, "5.56", "ratios whose slope is 0 elsewhere than in two corners", 0,
                wrong);
    // H^2 / 6 and rounding of 2 / H: some 1e-9
    claim_near(lab, "5.56", "slope by differences less formula, largest", 0, worst,
               1e-8);
}

// One batch, many epochs: the largest ratio of any token drawn.
static double largest_ratio(Lab *lab, double eps, int epochs, double rate) {
    Enumerated x;
    EnumeratedShape shape = enumerated_shape();
    shape.longest = 3;
    enumerated_new(&x, shape, rng_split(&lab->rng, 0));
    PpoSettings s = ppo_defaults();
    s.clip = eps, s.minibatches = 1, s.epochs = epochs;
    Ppo p = enumerated_ppo(&x, NULL, s);
    Draws d = draws_new(&x, ANSWERS);
    Rng rng = rng_split(&lab->rng, 1);
    draws_fill(&d, &x, BASELINE_PROMPT, s.beta, &rng);
    Experience e = ppo_experience(&p, d.answers, d.rewards, d.count, d.values);
    ppo_step(&p, d.answers, d.rewards, d.count, d.values, rate);
    int counted = e.tokens[e.parts];
    double *now = allocate((size_t)counted, sizeof *now), largest = 0;
    policy_log_probs(now, &x.policy, &e.batches[0]);
    for (int i = 0; i < counted; i++) largest = fmax(largest, exp(now[i] - e.old[i]));
    free(now), experience_free(&e), draws_free(&d), ppo_free(&p), enumerated_free(&x);
    return largest;
}

static void draw(Lab *lab, double eps) {
    Plot *p = plot_new(lab, "ppo_clip", "ratio better better_slope worse worse_slope");
    for (int i = 0; i < POINTS; i++) {
        double ratio = 2.0 * (i + 0.5) / POINTS, x = log(ratio);
        Clipped up = clipped_objective(x, 0, 1, eps),
                down = clipped_objective(x, 0, -1, eps);
        // dL / d rho = dL / d ln rho / rho
        plot_row(p, ratio, up.value, up.slope / ratio, down.value, down.slope / ratio);
    }
    plot_axes(p, "ratio rho = pi / old", "L and its slope");
    plot_line(p, "ratio", "better", "L, A = 1");
    plot_dashes(p, "ratio", "better_slope", "dL / d rho, A = 1");
    plot_line(p, "ratio", "worse", "L, A = -1");
    plot_dashes(p, "ratio", "worse_slope", "dL / d rho, A = -1");
    plot_end(p);
}

static void run(Lab *lab) {
    double eps = option_real(&lab->args, "clip", 1e-3, 0.9);
    int epochs = (int)option_int(&lab->args, "epochs", 1, 1000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    claim_corners(lab, eps);
    double largest = largest_ratio(lab, eps, epochs, rate);
    lab_print(lab, "one batch, %d epochs: the largest ratio is %.3f, 1 + eps is %.3f",
              epochs, largest, 1 + eps);
    // 1, if clipping were the bound that it is often said to be
    if (lab_at_defaults(lab))
        claim_at_least(lab, "5.57",
                       "largest ratio after 20 epochs: its distance from 1, in eps", 2,
                       (largest - 1) / eps);
    draw(lab, eps);
}

const LabSpec lab_ppo_clip = {"ppo-clip", "5.7", "What PPO's clip holds, and what not",
                              run, options};
