// Temperature: how uncertain what is drawn becomes. Lecture, section 4.14.
//
//     p = softmax(z / T):    dH/dT = Var_p(z) / T^3 >= 0,    ln V - H -> Var(z) / 2 T^2

#include "ch04_pretrain/labs/exact_logits.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { POINTS = 60, TANGENTS = 3, MEASURED = 8 };
static const double HOTTEST = 6, HOT = 100;

static const Option options[] = {{"vocab", "64", "tokens"},
                                 {"spread", "2", "standard deviation of the logits"},
                                 {"draws", "20000", "tokens drawn at each temperature"},
                                 {0}};

static double entropy_at(Mat z, double temperature) {
    Candidates c = candidates_new(z, temperature);
    double h = candidates_entropy(&c);
    candidates_free(&c);
    return h;
}

// The variance of the logits under softmax(z / T); T infinite: of all alike.
static double variance_at(Mat z, double temperature) {
    Candidates c = candidates_new(z, temperature);
    double mean = 0, square = 0;
    for (int i = 0; i < c.count; i++) mean += c.list[i].p * (double)z.at[i];
    for (int i = 0; i < c.count; i++)
        square += c.list[i].p * pow((double)z.at[i] - mean, 2);
    candidates_free(&c);
    return square;
}

static double slope_at(Mat z, double temperature) {
    return variance_at(z, temperature) / pow(temperature, 3);
}

static double difference(Mat z, double temperature, double step) {
    return (entropy_at(z, temperature + step) - entropy_at(z, temperature - step))
           / (2 * step);
}

static double temperature_of(int point) { return HOTTEST * (point + 1) / POINTS; }

// A central difference of step d is off by H''' d^2 / 6, one of step 2d by four times
// that: their difference is three times the error of the first. Entropies of up to 5 nats
// are rounded by some 1e-15.
static void claim_slopes(Lab *lab, Mat z) {
    double worst = 0, least = INFINITY, before = 0;
    for (int i = 0; i < POINTS; i++) {
        double t = temperature_of(i), step = 1e-3 * t, near = difference(z, t, step);
        double allowed = fabs(near - difference(z, t, 2 * step)) + 1e-14 / step;
        worst = nan_max(worst, fabs(near - slope_at(z, t)) / allowed);
        double h = entropy_at(z, t);
        if (i) least = fmin(least, h - before);
        before = h;
    }
    double step = 1e-3;
    claim_near(
        lab, "4.80", "dH/dT = Var(z) / T^3 at T = 1", slope_at(z, 1),
        difference(z, 1, step),
        fabs(difference(z, 1, step) - difference(z, 1, 2 * step)) + 1e-14 / step);
    claim_at_most(lab, "4.80", "the same at 60 temperatures: worst error / allowed", 1,
                  worst);
    claim_at_least(lab, "4.81", "H from one temperature to the next: least rise", 0,
                   least);
}

// H = ln V - k2 / 2T^2 - k3 / 3T^3 - k4 / 8T^4 - ..; k: the cumulants of the logits.
static void claim_heat(Lab *lab, Mat z) {
    double mean = 0, k2 = 0, k3 = 0, m4 = 0;
    int n = z.cols;
    for (int i = 0; i < n; i++) mean += (double)z.at[i] / n;
    for (int i = 0; i < n; i++) {
        double d = (double)z.at[i] - mean;
        k2 += d * d / n, k3 += d * d * d / n, m4 += d * d * d * d / n;
    }
    claim_near(lab, "4.81", "T = 100: ln V - H = Var(z) / 2 T^2", k2 / (2 * HOT * HOT),
               log(n) - entropy_at(z, HOT),
               fabs(k3) / (3 * pow(HOT, 3)) + m4 / pow(HOT, 4) + 1e-14);
}

typedef struct {
    double temperature, mean, error;
} Point;

static void measure(Lab *lab, Mat z, Point *points, int draws) {
    Sampling s = sampling_plain(lab->rng);
    static const double at[MEASURED] = {0.25, 0.5, 0.75, 1, 1.5, 2.5, 4, 5.5};
    double worst = 0;
    for (int i = 0; i < MEASURED; i++) {
        Mean surprise = {0};
        s.temperature = points[i].temperature = at[i];
        for (int k = 0; k < draws; k++)
            mean_add(&surprise, -log(token_choose(z, &s).share));
        points[i].mean = mean_of(surprise), points[i].error = mean_error(surprise);
        worst = nan_max(worst, fabs(points[i].mean - entropy_at(z, s.temperature))
                                   / points[i].error);
        lab_progress(lab, i + 1, MEASURED);
    }
    claim_at_most(lab, "4.82", "mean surprise of drawn tokens less H, standard errors",
                  5, worst);
}

static void draw(Lab *lab, Mat z, const Point *points) {
    static const double at[TANGENTS] = {0.6, 1.2, 2.5};
    Plot *p = plot_new(lab, "temperature",
                       "T H tangent_1 tangent_2 tangent_3 most measured error");
    for (int i = 0; i < POINTS; i++) {
        double t = temperature_of(i), tangent[TANGENTS];
        for (int k = 0; k < TANGENTS; k++) {
            bool near = fabs(t - at[k]) < 0.3 + 0.3 * k;
            tangent[k] =
                near ? entropy_at(z, at[k]) + slope_at(z, at[k]) * (t - at[k]) : NAN;
        }
        plot_row(p, t, entropy_at(z, t), tangent[0], tangent[1], tangent[2],
                 log(z.cols), NAN, NAN);
    }
    for (int i = 0; i < MEASURED; i++)
        plot_row(p, points[i].temperature, NAN, NAN, NAN, NAN, NAN, points[i].mean,
                 points[i].error);
    plot_axes(p, "temperature T", "entropy, nats");
    plot_set(p, "yrange [0:*]"), plot_set(p, "xrange [0:%g]", HOTTEST);
    plot_line(p, "T", "H", "H(T)");
    for (int k = 0; k < TANGENTS; k++)
        plot_series(
            p, "using \"T\":\"tangent_%d\" with lines linewidth 3 linecolor \"%s\" %s",
            k + 1, PLOT_VERMILION, k ? "notitle" : "title \"slope Var(z) / T^3\"");
    plot_series(p,
                "using \"T\":\"most\" with lines dashtype 2 linewidth 2 linecolor "
                "\"%s\" title \"ln V\"",
                PLOT_GREY);
    plot_errors(p, "T", "measured", "error", "mean surprise of drawn tokens");
    plot_end(p);
}

static void run(Lab *lab) {
    int vocabulary = (int)option_int(&lab->args, "vocab", 2, 4096);
    int draws = (int)option_int(&lab->args, "draws", 100, 10000000);
    Mat z = mat_new(1, vocabulary);
    Point points[MEASURED];
    rng_fill_normal(&lab->rng, z, option_real(&lab->args, "spread", 0.1, 20));
    claim_slopes(lab, z), claim_heat(lab, z);
    measure(lab, z, points, draws);
    draw(lab, z, points);
    mat_free(z);
}

const LabSpec lab_temperature = {"temperature", "4.14",
                                 "How temperature spreads what is drawn", run, options};
