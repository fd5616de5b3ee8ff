// Why scores are divided by sqrt(d). Lecture, section 2.1.
//
//     q, k independent, mean 0, variance 1:  Var(q . k) = sum over d dimensions of Var(q_i k_i) = d
//
// d is the width of one head. The number of tokens T appears nowhere: scores of longer
// sequences do not vary more.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch02_attention/attention.h"
#include "common/error.h"
#include "common/numeric/vec.h"
#include "common/program/plot.h"

static const Option options[] = {{"draws", "20000", "dot products for each d"},
                                 {"dim-most", "512", "largest d"},
                                 {0}};

enum { SIZES = 16 };

// Mean square of `draws` products: the mean is known to be 0. Every draw has a stream
// of its own.
static double dot_variance(const Rng *rng, int d, int draws) {
    double *square = allocate((size_t)draws, sizeof *square), sum = 0;
#pragma omp parallel
    {
        Mat qk = mat_new(2, d);
#pragma omp for
        for (int i = 0; i < draws; i++) {
            Rng own = rng_split(rng, (uint64_t)i);
            rng_fill_normal(&own, qk, 1);
            square[i] =
                pow(array_dot(mat_at(qk, 0, 0), mat_at(qk, 1, 0), (size_t)d), 2);
        }
        mat_free(qk);
    }
    for (int i = 0; i < draws; i++) sum += square[i];
    free(square);
    return sum / draws;
}

// Kurtosis of q . k is 3 + 6/d, so a mean of n squares has the relative standard error
// sqrt((2 + 6/d) / n).
static double relative_error(int d, double n) { return sqrt((2 + 6.0 / d) / n); }

// Mean square of all scores of `tables` sequences of T tokens, as attention computes
// them.
static double score_variance(Rng *rng, int T, int d, int tables) {
    Mat q = mat_new(T, d), k = mat_new(T, d), s = mat_new(T, T);
    double sum = 0;
    for (int table = 0; table < tables; table++) {
        rng_fill_normal(rng, q, attention_scale(d)), rng_fill_normal(rng, k, 1);
        matmul(s, q, mat_transpose(k));
        for (int i = 0; i < T * T; i++) sum += pow(s.at[i], 2);
    }
    mat_free(q), mat_free(k), mat_free(s);
    return sum / ((double)tables * T * T);
}

static void claim_length(Lab *lab, Rng *rng) {
    enum { D = 64 };
    for (int T = 16; T <= 1024; T *= 8) {
        int tables = T < 200 ? 4096 / T : 8;
        // Scores of one query share |q|^2: cov(s_ij^2, s_ij'^2) = Var(|q|^2 / d) = 2 /
        // d, and so for one key.
        double error = sqrt(((2 + 6.0 / D) / T + 4.0 / D) / T / tables);
        char what[64];
        snprintf(what, sizeof what, "T = %d tokens, d = 64: Var(q.k / sqrt(d))", T);
        claim_near(lab, "2.3", what, 1, score_variance(rng, T, D, tables), 5 * error);
    }
}

static void run(Lab *lab) {
    int draws = (int)option_int(&lab->args, "draws", 100, 10000000),
        most = (int)option_int(&lab->args, "dim-most", 8, 1 << 15);
    Rng rng = lab->rng;
    Plot *p = plot_new(lab, "variance", "dim variance error scaled scaled_error d one");
    double worst = 0, log_d[SIZES], log_v[SIZES], weight = 0, mean = 0, slope = 0;
    int count = 0;
    for (int d = 4; d <= most; d *= 2, count++) {
        Rng own = rng_split(&rng, (uint64_t)d);
        double variance = dot_variance(&own, d, draws),
               e = 5 * relative_error(d, draws);
        worst = nan_max(worst, fabs(variance / d - 1) / relative_error(d, draws));
        log_d[count] = log(d), log_v[count] = log(variance);
        plot_row(p, d, variance, e * d, variance / d, e, d, 1);
    }
    for (int i = 0; i < count; i++) mean += log_d[i] / count;
    for (int i = 0; i < count; i++)
        slope += (log_d[i] - mean) * log_v[i], weight += pow(log_d[i] - mean, 2);
    claim_at_most(lab, "2.1", "Var(q.k) = d: worst of all d, standard errors", 5,
                  worst);
    // The slope of a straight line through points of error e is off by e / sqrt(sum (x
    // - mean)^2).
    claim_near(lab, "2.1", "slope of log Var against log d", 1, slope / weight,
               5 * relative_error(4, draws) / sqrt(weight));
    double d = exp(log_d[count - 1]);
    claim_near(lab, "2.2", "largest d: Var(q.k / sqrt(d))", 1,
               exp(log_v[count - 1]) / d, 5 * relative_error((int)lround(d), draws));
    claim_length(lab, &rng);
    plot_axes(p, "d: width of a head", "variance of a score");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y");
    plot_line(p, "dim", "d", "d"), plot_line(p, "dim", "one", "1");
    plot_errors(p, "dim", "variance", "error", "q.k"),
        plot_errors(p, "dim", "scaled", "scaled_error", "q.k / sqrt(d), +-5 s.e.");
    plot_end(p);
}

const LabSpec lab_variance = {"variance", "2.1",
                              "The variance of a score is d, whatever the length", run,
                              options};
