// What sinusoidal positions know. Lecture, section 2.5.
//
// The kernel <PE_p, PE_q> depends on p - q, and is even; from one position to another
// there is a linear map. Then W_Q and W_K, which a model puts between, take the kernel
// away.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/decay.h"
#include "ch02_attention/labs/turned.h"
#include "ch02_attention/position.h"
#include "ch02_attention/sinusoidal.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { LENGTH = 512, NEAR = 128, ANCHORS = 4, ROUNDS = 200, MATRICES = 64 };
static const int anchors[ANCHORS] = {0, 100, 250, LENGTH - NEAR - 1};

static const Option options[] = {{"dim", "128", "d_model"}, {0}};

// u = 2^-24: what rounding the table's numbers, at most 1, costs: u for each of d
// products' two factors.
static double rounding(int dim) { return 2 * dim * 0x1p-24; }

static void claim_norm(Lab *lab, Mat pe) {
    double worst = 0;
    for (int p = 0; p < pe.rows; p++)
        worst = nan_max(worst, fabs(row_dot(mat_rows(pe, p, 1), mat_rows(pe, p, 1))
                                    - pe.cols / 2.0));
    claim_near(lab, "2.20", "|PE_p|^2 - d/2, largest over p", 0, worst,
               rounding(pe.cols));
}

static double kernel(Mat pe, int p, int q) {
    return row_dot(mat_rows(pe, p, 1), mat_rows(pe, q, 1));
}

static double *angles_new(int dim) {
    double *w = allocate((size_t)dim / 2, sizeof *w);
    rope_frequencies(w, &(Rope){.dim = dim, .base = SINUSOIDAL_BASE});
    return w;
}

static void claim_kernel(Lab *lab, Mat pe, Rng *rng) {
    double *w = angles_new(pe.cols), worst = 0, asymmetry = 0, n = pe.cols / 2.0;
    for (int round = 0; round < ROUNDS; round++) {
        int p = rng_below(rng, pe.rows), q = rng_below(rng, pe.rows);
        worst = nan_max(
            worst, fabs(kernel(pe, p, q) - n * rope_cosine_sum(w, pe.cols / 2, p - q)));
        int middle = pe.rows / 2, k = rng_below(rng, middle);
        asymmetry = nan_max(asymmetry, fabs(kernel(pe, middle, middle + k)
                                            - kernel(pe, middle, middle - k)));
    }
    claim_near(lab, "2.20", "PE_p . PE_q - sum cos(w_i (p - q)), largest", 0, worst,
               rounding(pe.cols));
    claim_near(lab, "2.21", "k before and k after: difference, largest", 0, asymmetry,
               2 * rounding(pe.cols));
    free(w);
}

// One R_k for all p: rounding of the two numbers that are turned, and of the one
// compared with.
static void claim_shift(Lab *lab, Mat pe, Rng *rng) {
    int dim = pe.cols;
    double worst = 0, *from = allocate((size_t)dim, sizeof *from),
           *to = allocate((size_t)dim, sizeof *to);
    for (int round = 0; round < ROUNDS; round++) {
        int p = rng_below(rng, pe.rows), q = rng_below(rng, pe.rows);
        for (int j = 0; j < dim; j++) from[j] = *mat_at(pe, p, j);
        sinusoidal_shift(to, from, dim, q - p);
        for (int j = 0; j < dim; j++)
            worst = nan_max(worst, fabs(to[j] - *mat_at(pe, q, j)));
    }
    claim_near(lab, "2.21", "PE_{p+k} - R_k PE_p, largest number", 0, worst,
               3 * 0x1p-24);
    free(from), free(to);
}

// Scores along the diagonals p - q = 0, 8, 16 ..: their mean square, and what of it is
// variation while the distance stays the same.
typedef struct {
    double variation, size;
} Spread;

// seen: row p is A PE_p, so that a score is <A PE_p, PE_q>.
static Spread spread_on_diagonals(Mat pe, Mat seen) {
    Spread s = {0};
    int count = pe.rows - NEAR;
    for (int k = 0; k < NEAR; k += 8) {
        double sum = 0, squares = 0;
        for (int p = 0; p < count; p++) {
            double score = row_dot(mat_rows(seen, p, 1), mat_rows(pe, p + k, 1));
            sum += score, squares += score * score;
        }
        s.variation += squares / count - sum / count * (sum / count);
        s.size += squares / count;
    }
    return s;
}

// The share of a score's mean square that varies, for A of independent numbers of mean
// 0. Then E <A x, y> <A x', y'> is proportional to <x, x'> <y, y'>: the square of one
// score is (d/2)^2, and that of the mean over p is the mean over p and p' of
// kernel(p - p')^2.
static double expected_variation(int dim) {
    double *w = angles_new(dim), still = 0;
    int count = LENGTH - NEAR;
    for (int s = 1 - count; s < count; s++)
        still += (count - abs(s)) * pow(rope_cosine_sum(w, dim / 2, s), 2);
    free(w);
    return 1 - still / ((double)count * count);
}

// W_Q and W_K act between positions and scores; here A = W_K W_Q^T is random. Without
// them a score varies at a fixed distance by rounding alone. With them most of it is
// variation. The tolerance is 5 standard errors, from the draws' own spread: variation
// less the expected share of the size has the mean 0. The first A is left in `seen`.
static void claim_destroyed(Lab *lab, Mat pe, Mat seen, Rng *rng) {
    Mat a = mat_new(pe.cols, pe.cols), other = mat_new(pe.rows, pe.cols);
    double share = expected_variation(pe.cols), variation = 0, size = 0, squares = 0;
    for (int draw = 0; draw < MATRICES; draw++) {
        Mat to = draw ? other : seen;
        rng_fill_normal(rng, a, 1 / sqrt(pe.cols));
        matmul(to, pe, a);
        Spread s = spread_on_diagonals(pe, to);
        variation += s.variation, size += s.size;
        squares += pow(s.variation - share * s.size, 2);
    }
    Spread plain = spread_on_diagonals(pe, pe);
    claim_at_most(lab, "2.22", "at equal distance the kernel varies by (relative)",
                  1e-5, sqrt(fmax(0, plain.variation) / plain.size));
    claim_near(lab, "2.22", "after W_Q, W_K: share of scores' square that varies",
               share, variation / size, 5 * sqrt(squares) / size);
    mat_free(a), mat_free(other);
}

static void draw(Lab *lab, Mat pe, Mat seen) {
    Plot *plot = plot_new(lab, "sinusoidal",
                          "shift formula p0 p100 p250 p383 after_100 after_250");
    double *w = angles_new(pe.cols), n = pe.cols / 2.0;
    for (int k = -NEAR; k <= NEAR; k++) {
        double row[2 + ANCHORS + 2] = {k, rope_cosine_sum(w, pe.cols / 2, k)};
        for (int a = 0; a < ANCHORS; a++) {
            int q = anchors[a] + k;
            row[2 + a] =
                // each its own quarter
                q < 0 || (k + NEAR) % ANCHORS != a ? NAN
                                                   : kernel(pe, anchors[a], q) / n;
        }
        for (int a = 1; a <= 2; a++)
            row[5 + a] = anchors[a] + k < 0 ? NAN
                                            : row_dot(mat_rows(seen, anchors[a], 1),
                                                      mat_rows(pe, anchors[a] + k, 1))
                                                  / n;
        plot_row_values(plot, row);
    }
    plot_title(plot, "Sinusoidal positions: what two of them have in common");
    plot_axes(plot, "s", "PE_m . PE_{m+s} / (d/2)");
    plot_line(plot, "shift", "formula", "(2/d) sum cos(s theta_i)");
    plot_points(plot, "shift", "p0", "m = 0");
    plot_points(plot, "shift", "p100", "m = 100");
    plot_points(plot, "shift", "p250", "m = 250");
    plot_points(plot, "shift", "p383", "m = 383");
    plot_series(plot,
                "using \"shift\":\"after_100\" with lines linecolor \"#cc79a7\" title "
                "\"after W_Q, W_K: m = 100\"");
    plot_series(plot,
                "using \"shift\":\"after_250\" with lines linecolor \"#d55e00\" title "
                "\"m = 250\"");
    plot_end(plot);
    free(w);
}

static void run(Lab *lab) {
    int dim = (int)option_int(&lab->args, "dim", 2, 1024);
    if (dim % 2)
        die("--dim %d: expected an even number, a sine and a cosine for each angle",
            dim);
    Rng rng = lab->rng;
    Mat pe = mat_new(LENGTH, dim), seen = mat_new(LENGTH, dim);
    Position p = position_new_sinusoidal(dim, LENGTH);
    position_add(&p, pe, 0);  // zeros + PE
    claim_norm(lab, pe);
    claim_kernel(lab, pe, &rng);
    claim_shift(lab, pe, &rng);
    claim_destroyed(lab, pe, seen, &rng);
    draw(lab, pe, seen);
    position_free(&p);
    mat_free(pe), mat_free(seen);
}

const LabSpec lab_sinusoidal = {
    "sinusoidal", "2.5", "Sinusoidal positions and what they know", run, options};
