// What a budget should buy, by three sets of constants, and what LLaMA's cost. Lecture,
// section 4.25.
#include <math.h>
#include <stdio.h>

#include "ch04_pretrain/scaling.h"
#include "common/program/plot.h"

static const Option options[] = {{"operations", "5.76e23", "of training: Gopher's"},
                                 {"price", "2", "of an hour of one processor"},
                                 {0}};

enum { USES = 4, LINE = 60 };
#define GOPHER 5.76e23

// ---- the optimum, and where it is by search

// The least of f over ln n, by golden section.
static double least(const ScalingLaw *l, double operations) {
    const double golden = (sqrt(5) - 1) / 2;
    double low = log(1e6), high = log(1e14);
    for (int i = 0; i < 200; i++) {
        double a = high - golden * (high - low), b = low + golden * (high - low);
        Budget x = {exp(a), operations / 6 / exp(a)},
               y = {exp(b), operations / 6 / exp(b)};
        if (scaling_loss(l, x) < scaling_loss(l, y)) high = b;
        else low = a;
    }
    return exp(low);
}

static void claim_optimum(Lab *lab) {
    // rounded to two or three digits in the text
    static const double ratios[SCALING_LAWS] = {92.6, 58.9, 18.4};
    for (int k = 0; k < SCALING_LAWS; k++) {
        const ScalingLaw *l = &scaling_laws[k];
        Budget b = scaling_optimum(l, GOPHER);
        char what[80];
        snprintf(what, sizeof what, "%s: N in closed form over N by search", l->name);
        // A minimum is flat: in double it is found to some 1e-8 of ln n.
        claim_near(lab, "4.125", what, 1, b.parameters / least(l, GOPHER), 1e-6);
        snprintf(what, sizeof what, "%s: D/N at C = 5.76e23", l->name);
        claim_near(lab, "4.126", what, ratios[k], b.tokens / b.parameters, 0.05);
    }
}

// The ratio is no constant of nature: with the budget it rises where alpha > beta, and
// falls where alpha < beta. Rounded to the digits of the text.
static void claim_budgets(Lab *lab) {
    static const struct {
        ScalingLawName law;
        double operations, ratio, rounding;
    } cases[] = {{LAW_HOFFMANN_ROUNDED, 1e18, 25.7, 0.05},
                 {LAW_HOFFMANN_ROUNDED, 1e25, 122, 0.5},
                 {LAW_BESIROGLU, 1e18, 25.7, 0.05},
                 {LAW_BESIROGLU, 1e25, 17.1, 0.05}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ScalingLaw *l = &scaling_laws[cases[i].law];
        Budget b = scaling_optimum(l, cases[i].operations);
        char what[80];
        snprintf(what, sizeof what, "%s: D/N at C = %.0e", l->name,
                 cases[i].operations);
        claim_near(lab, "4.126", what, cases[i].ratio, b.tokens / b.parameters,
                   cases[i].rounding);
    }
}

// Rows: tokens in use. Equal loss, fewest operations; no neighbour is better.
static void claim_use(Lab *lab) {
    static const double uses[USES] = {0, 1e12, 1e13, 1e14},
                        sizes[USES] = {7.22e10, 5.70e10, 3.41e10, 2.09e10};
    const ScalingLaw *l = &scaling_laws[LAW_BESIROGLU];
    double loss = scaling_loss(l, scaling_optimum(l, GOPHER));
    for (int k = 0; k < USES; k++) {
        Budget b = scaling_optimum_in_use(l, GOPHER, uses[k]);
        char what[80];
        snprintf(what, sizeof what, "%.0e tokens in use: N, in units of 1e10", uses[k]);
        claim_near(lab, "4.127", what, 1e-10 * sizes[k], 1e-10 * b.parameters, 0.005);
        lab_print(lab, "    D = %.3g, D/N = %.1f, operations %.3g", b.tokens,
                  b.tokens / b.parameters, scaling_operations(b, uses[k]));
    }
    Budget b = scaling_optimum_in_use(l, GOPHER, 1e13);
    claim_near(lab, "4.127", "1e13: its loss less that of the optimum", 0,
               scaling_loss(l, b) - loss, 1e-12);
}

// ---- days, cost, carbon

static void claim_llama(Lab *lab) {
    const double tokens = 1.4e12, processors = 2048, rate = 380, parameters = 65.2e9,
                 peak = 312e12, watts = 400, overhead = 1.1, kg = 0.385;
    double seconds = tokens / rate / processors, hours = seconds / 3600 * processors,
           mwh = hours * watts * overhead * 1e-6;
    // Published: "approximately 21 days", 1,022,362 hours, 449 MWh, 173 t.
    claim_near(lab, "4.128", "LLaMA-65B: days", 21, seconds / 86400, 0.5);
    claim_near(lab, "4.128", "hours of all processors, of the published", 1,
               hours / 1022362, 0.002);
    claim_near(lab, "4.128", "MWh", 449, mwh, 2);
    claim_near(lab, "4.128", "tonnes of CO2", 173, mwh * kg, 1);
    lab_print(lab, "share of the peak: 6 N x 380 / 312e12 = %.3f",
              6 * parameters * rate / peak);
    lab_print(lab, "at %s per hour: %.2f million", option_text(&lab->args, "price"),
              1e-6 * hours * option_real(&lab->args, "price", 0, 1e6));
}

static void draw(Lab *lab, double operations) {
    Plot *p = plot_new(lab, "compute_optimal",
                       "n rounded exact refit best0 loss0 best1 loss1 best2 loss2");
    for (int i = 0; i <= LINE; i++) {
        double n = 1e9 * pow(1e3, (double)i / LINE), loss[SCALING_LAWS], best[3][2];
        for (int k = 0; k < SCALING_LAWS; k++) {
            const ScalingLaw *l = &scaling_laws[k];
            Budget b = scaling_optimum(l, operations);
            loss[k] = scaling_loss(l, (Budget){n, operations / 6 / n});
            best[k][0] = i ? NAN : b.parameters, best[k][1] = scaling_loss(l, b);
        }
        plot_row(p, n, loss[0], loss[1], loss[2], best[0][0], best[0][1], best[1][0],
                 best[1][1], best[2][0], best[2][1]);
    }
    plot_axes(p, "N, with D = C / 6 N", "loss by the law");
    plot_set(p, "logscale x"), plot_set(p, "xrange [1e9:1e12]");
    plot_set(p, "yrange [1.9:2.2]");
    plot_set(p, "format x \"10^{%%L}\"");
    plot_line(p, "n", "rounded", "Hoffmann, rounded");
    plot_line(p, "n", "exact", "Hoffmann"), plot_line(p, "n", "refit", "Besiroglu");
    plot_points(p, "best0", "loss0", "in closed form");
    plot_points(p, "best1", "loss1", ""), plot_points(p, "best2", "loss2", "");
    plot_end(p);
}

static void run(Lab *lab) {
    double operations = option_real(&lab->args, "operations", 1e12, 1e40);
    claim_optimum(lab), claim_budgets(lab), claim_use(lab), claim_llama(lab);
    draw(lab, operations);
}

const LabSpec lab_compute_optimal = {"compute-optimal", "4.25",
                                     "What a budget should buy", run, options};
