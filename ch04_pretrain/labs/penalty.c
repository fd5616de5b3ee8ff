// The repetition penalty depends on where zero is. Lecture, section 4.14.
//
// Adding a constant C to all logits changes no probability. It changes what the penalty
// does: nothing where the logit of the token is 0, and more the farther it is from there.
#include <math.h>

#include "ch03_transformer/candidates.h"
#include "ch03_transformer/penalties.h"
#include "common/program/plot.h"

enum { TOKENS = 3, POINTS = 57 };
static const double FIRST = -6, LAST = 8;

static const Option options[] = {
    {"penalty", "1.3", "of repetition"}, {"presence", "0.5", "the other penalty"}, {0}};

static const double p[TOKENS] = {0.6, 0.3, 0.1};  // the first token has occurred

// Its share when its logit has become `logit`, the others ln p + C.
static double share_of(double logit, double c) {
    double rest = 0;
    for (int i = 1; i < TOKENS; i++) rest += p[i] * exp(c);
    return exp(logit) / (exp(logit) + rest);
}

static double by_formula(double c, double penalty) {
    double logit = log(p[0]) + c;
    return share_of(logit > 0 ? logit / penalty : logit * penalty, c);
}

// Without looking at the sign.
static double by_dividing(double c, double penalty) {
    return share_of((log(p[0]) + c) / penalty, c);
}

static double measured(double c, const Penalties *penalties) {
    const int text[] = {0};
    real at[TOKENS];
    Mat logits = mat_view(at, 1, TOKENS);
    for (int i = 0; i < TOKENS; i++) at[i] = (real)(log(p[i]) + c);
    penalise(logits, penalties, text, 0, 1);
    Candidates found = candidates_new(logits, 1);
    double share = found.list[0].p;
    candidates_free(&found);
    return share;
}

static double shift_of(int point) {
    return FIRST + (LAST - FIRST) * point / (POINTS - 1);
}

// fp32 logits of up to 10 are off by 10 x 2^-24 = 6e-7, three roundings each; a share
// moves by at most a quarter of that.
static const double ROUNDING = 2e-6;

// Of the token that should have been held back, where its logit is below 0.
static double least_rise(double penalty) {
    double least = 1;
    for (int i = 0; i < POINTS && log(p[0]) + shift_of(i) < 0; i++)
        least = fmin(least, by_dividing(shift_of(i), penalty) - p[0]);
    return least;
}

static void claim_shifts(Lab *lab, double penalty, double presence) {
    const Penalties repetition = {penalty, 0, 0}, other = {1, presence, 0};
    double worst = 0, least = 1, low = 1, high = 0;
    for (int i = 0; i < POINTS; i++) {
        double c = shift_of(i), share = measured(c, &repetition),
               same = measured(c, &other);
        worst = nan_max(worst, fabs(share - by_formula(c, penalty)));
        least = fmin(least, share);
        low = fmin(low, same), high = fmax(high, same);
    }
    claim_near(lab, "4.88", "share after the penalty, off the formula", 0, worst,
               ROUNDING);
    claim_near(lab, "4.89", "share where the logit is 0: as it was", p[0],
               measured(-log(p[0]), &repetition), ROUNDING);
    claim_near(lab, "4.89", "the smallest share, at one end of the shifts",
               fmin(by_formula(FIRST, penalty), by_formula(LAST, penalty)), least,
               ROUNDING);
    claim_at_least(lab, "4.90", "dividing logits below 0: the share's least rise", 0,
                   least_rise(penalty));
    claim_near(lab, "4.91", "presence penalty: largest less smallest share", 0,
               high - low, 2 * ROUNDING);
}

static void draw(Lab *lab, double penalty, double presence) {
    const Penalties repetition = {penalty, 0, 0}, other = {1, presence, 0};
    Plot *plot =
        plot_new(lab, "penalty", "c formula dividing none repetition presence");
    for (int i = 0; i < POINTS; i++) {
        double c = shift_of(i);
        bool shown = i % 4 == 0;
        plot_row(plot, c, by_formula(c, penalty), by_dividing(c, penalty), p[0],
                 shown ? measured(c, &repetition) : NAN,
                 shown ? measured(c, &other) : NAN);
    }
    plot_axes(plot, "C, added to all logits", "share of the token that has occurred");
    plot_set(plot, "yrange [0:1]");
    plot_line(plot, "c", "formula", "z / r above 0, z r below");
    plot_line(plot, "c", "dividing", "z / r everywhere");
    plot_dashes(plot, "c", "none", "no penalty");
    plot_points(plot, "c", "repetition", "repetition penalty, measured");
    plot_points(plot, "c", "presence", "presence penalty, measured");
    plot_end(plot);
}

static void run(Lab *lab) {
    double penalty = option_real(&lab->args, "penalty", 1, 10);
    double presence = option_real(&lab->args, "presence", 0, 10);
    claim_shifts(lab, penalty, presence);
    draw(lab, penalty, presence);
}

const LabSpec lab_penalty = {"penalty", "4.14",
                             "One distribution, shifted: what a penalty makes of it",
                             run, options};
