// What multiplies a step: clipping, and the schedule of learning rates. Lecture,
// section 3.9.
//
//     clip    g' = g min(1, c / |g|)
//                                                                          |g'| = min(|g|, c), same direction
//     cosine  rising linearly to `peak` at step t_1, then half a cosine down to `last` at step t_2:
//             sum of all t_2 rates = (t_2 peak + (t_2 - t_1 + 1) last) / 2
//                                                                    with last = 0 half the peak, for any t_1
//     Noam    channels^(-1/2) min(t^(-1/2), t t_1^(-3/2))
//                                                                      peak 1 / sqrt(channels t_1) at t = t_1
//
// Since cos(pi k / M) and cos(pi (M - k) / M) cancel, the cosine's sum over k = 1 .. M
// is its last term, -1. Pascanu et al. (2012), arXiv:1211.5063; Loshchilov, Hutter
// (2016), arXiv:1608.03983; Vaswani et al. (2017), section 5.3.
#include <math.h>

#include "ch03_transformer/clip.h"
#include "ch03_transformer/schedule.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"warmup", "4000", "t_1"},
                                 {"total", "40000", "t_2, above t_1"},
                                 {"channels", "512", "Noam's d"},
                                 {"peak", "7e-4", "the cosine's"},
                                 {0}};

// ---- clipping

typedef struct {
    double norm_off;  // |g'| / min(|g|, c) - 1
    double turned;    // 1 - cosine(g, g')
    int changed;      // numbers that changed although |g| < c
} Clipped;

static Clipped clip(Rng rng) {
    enum { NUMBERS = 1000 };
    const double most = 1;
    Clipped c = {0};
    Params p = {0};
    params_add(&p, 1, NUMBERS, constant(0), "w");
    params_allocate(&p), params_allocate_grads(&p);
    for (double size = 0x1p-8; size < 1e4; size *= 1.9) {
        real before[NUMBERS];
        double old = 0, new = 0, inner = 0;
        for (int i = 0; i < NUMBERS; i++)
            before[i] = p.grads[i] = (real)(size / sqrt(NUMBERS) * rng_normal(&rng));
        params_clip(&p, most);
        for (int i = 0; i < NUMBERS; i++) {
            double a = (double)before[i], b = (double)p.grads[i];
            old += a * a, new += b *b, inner += a *b;
        }
        for (int i = 0; i < NUMBERS && old < most; i++)
            c.changed += p.grads[i] != before[i];
        c.norm_off = nan_max(c.norm_off, fabs(sqrt(new) / fmin(sqrt(old), most) - 1));
        c.turned = nan_max(c.turned, 1 - inner / sqrt(old * new));
    }
    params_free(&p);
    return c;
}

// ---- schedules

static double cosine_formula(const Schedule *s, double t) {
    double warmup = (double)s->warmup, total = (double)s->total;
    if (t < warmup) return s->peak * t / warmup;
    return s->last
           + (s->peak - s->last)
                 * pow(cos(M_PI / 2 * (t - warmup) / (total - warmup)), 2);
}

// Sum of all rates over its closed form, - 1: the worst of many warm-ups and ends.
static double sum_error(double peak, int total) {
    double worst = 0;
    for (int warmup = 1; warmup < total; warmup = 3 * warmup + 1)
        for (int k = 0; k <= 4; k++) {
            Schedule s = {
                .peak = peak, .last = peak * k / 4, .warmup = warmup, .total = total};
            double sum = 0,
                   formula = (total * s.peak + (total - warmup + 1) * s.last) / 2;
            for (int t = 1; t <= total; t++) sum += schedule_rate(&s, t);
            worst = nan_max(worst, fabs(sum / formula - 1));
        }
    return worst;
}

static int noam_peak(int channels, int warmup, int total) {
    int best = 1;
    for (int t = 1; t <= total; t++)
        if (schedule_noam(channels, warmup, 1, t)
            > schedule_noam(channels, warmup, 1, best))
            best = t;
    return best;
}

static void claim_schedules(Lab *lab, const Schedule *s, int channels) {
    int warmup = (int)s->warmup, total = (int)s->total;
    // In double: a few roundings of 2^-53, of the sum as many as it has terms.
    const double few = 16 * 0x1p-53;
    claim_near(lab, "3.66", "cosine: peak, at the end of the warm-up", s->peak,
               schedule_rate(s, warmup), few * s->peak);
    double off = 0;
    for (int t = 0; t <= total + warmup; t++)
        off = nan_max(
            off, fabs(schedule_rate(s, t) - cosine_formula(s, t < total ? t : total))
                     / s->peak);
    claim_near(lab, "3.66", "cosine: off a line and a cos^2, of peak, worst", 0, off,
               few);
    claim_near(lab, "3.66", "sum of rates / closed form - 1: worst of all t_1", 0,
               sum_error(s->peak, total), 2.0 * total * 0x1p-53);
    claim_equal(lab, "3.66", "Noam: the step of its peak", warmup,
                noam_peak(channels, warmup, total));
    claim_near(lab, "3.66", "Noam: its peak, 1 / sqrt(channels t_1)",
               1 / sqrt((double)channels * warmup),
               schedule_noam(channels, warmup, 1, warmup),
               few / sqrt((double)channels * warmup));
    // Half the rate needs a quarter of the way past the peak: t^(-1/2).
    claim_near(lab, "3.66", "Noam: rate at 4 t_1 / rate at t_1", 0.5,
               schedule_noam(channels, warmup, 1, 4L * warmup)
                   / schedule_noam(channels, warmup, 1, warmup),
               few);
}

static void run(Lab *lab) {
    int warmup = (int)option_int(&lab->args, "warmup", 1, 1000000),
        total = (int)option_int(&lab->args, "total", 2, 1000000);
    int channels = (int)option_int(&lab->args, "channels", 1, 1 << 20);
    Schedule s = {.peak = option_real(&lab->args, "peak", 1e-9, 10),
                  .warmup = warmup,
                  .total = total};
    if (warmup >= total)
        die("--warmup %d: expected less than --total, %d", warmup, total);
    s.last = s.peak / 10;
    Clipped c = clip(lab->rng);
    // |g| is summed in float, by VEC_LANES >= 4 partial sums: n / 4 roundings, halved
    // by the root; and the factor.
    claim_near(lab, "3.65", "clipped: |g'| / min(|g|, c) - 1, worst", 0, c.norm_off,
               (1000 / 8 + 4) * 0x1p-24);
    // Each number is rounded by 2^-24 of it: 1 - cosine is half the square of that, and
    // 1000 roundings of a double.
    claim_near(lab, "3.65", "clipped: 1 - cosine(g, g'), worst", 0, c.turned,
               0x1p-48 + 1000 * 0x1p-52);
    claim_equal(lab, "3.65", "|g| below c: numbers that change", 0, c.changed);
    claim_schedules(lab, &s, channels);
    Plot *p =
        plot_new(lab, "schedules", "step cosine noam cosine_formula noam_formula");
    enum { POINTS = 50, FINE = 8 };
    for (int i = 0; i <= POINTS * FINE; i++) {
        int t = 1 + (int)((long)(total - 1) * i / (POINTS * FINE));
        bool measured = i % FINE == 0;
        double noam =
            1 / sqrt(channels) * (t < warmup ? t * pow(warmup, -1.5) : 1 / sqrt(t));
        plot_row(p, t, measured ? schedule_rate(&s, t) : NAN,
                 measured ? schedule_noam(channels, warmup, 1, t) : NAN,
                 cosine_formula(&s, t), noam);
    }
    plot_title(p, "Two schedules of learning rates");
    plot_axes(p, "step", "learning rate"), plot_set(p, "yrange [0:*]"),
        plot_set(p, "format y \"%%g\"");
    plot_line(p, "step", "cosine_formula", "line, then cos^2"),
        plot_line(p, "step", "noam_formula", "line, then t^{-1/2}");
    plot_points(p, "step", "cosine", "warm-up and cosine"),
        plot_points(p, "step", "noam", "Noam");
    plot_end(p);
}

const LabSpec lab_schedules = {
    "schedules", "3.9", "Clipping, and schedules of learning rates", run, options};
