// F2: tiles cost no accuracy. Lecture, section 6.5.
//
// Every version in float against the formula in double, for scores of standard
// deviation 1, 4 and 16: root of the mean square of the error, over that of the output.
// Where it grows with the scores, it is the rounding of the scores themselves that is
// seen.
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/exact.h"
#include "ch06_flash/flash_fast.h"
#include "ch06_flash/labs/heads.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "300", "N"}, {"dim", "32", "d"}, {0}};

static double relative_error(Mat out, const double *want) {
    double off = 0, size = 0;
    for (int i = 0; i < out.rows * out.cols; i++)
        off += (out.at[i] - want[i]) * (out.at[i] - want[i]), size += want[i] * want[i];
    return sqrt(off / size);
}

static double error_of(Algorithm a, const FlashHead *h, Blocks b, const double *want) {
    Mat out = mat_new(h->q.rows, h->v.cols), lse = mat_new(h->q.rows, 1);
    Memory m = memory_new(MEMORY_PLAIN, 0);
    algorithms[a].run(out, lse, h, b, &m);
    double error = relative_error(out, want);
    memory_free(&m), mat_free(out), mat_free(lse);
    return error;
}

static double error_of_fast(const FlashHead *h, const double *want) {
    Mat out = mat_new(h->q.rows, h->v.cols), lse = mat_new(h->q.rows, 1);
    flash_fast_head(out, lse, h);
    double error = relative_error(out, want);
    mat_free(out), mat_free(lse);
    return error;
}

// Few queries and many keys, some of which are eight times as long as others: a sum with
// a single accumulator would be four times as far off here as one of blocks.
static void claim_long_rows(Lab *lab, Rng *rng) {
    enum { QUERIES = 32, KEYS = 8192, D = 64, OUTLIERS = 16 };
    FlashHead h = lab_head(rng, KEYS, D, 1);
    double *want = allocate(QUERIES * D, sizeof *want),
           *lse = allocate(QUERIES, sizeof *lse);
    Mat all = h.q;
    h.q = mat_rows(all, 0, QUERIES);
    for (int outliers = 0; outliers < 2; outliers++) {
        for (int i = 0; i < OUTLIERS * outliers; i++)
            mat_scale(mat_rows(h.k, rng_below(rng, KEYS), 1), 8);
        exact_attention(want, lse, &h);
        // as above
        claim_at_most(lab, "6.32",
                      outliers ? "the same with outliers among the keys"
                               : "8192 keys: error of the fast version / standard",
                      2,
                      error_of_fast(&h, want)
                          / error_of(ALGORITHM_STANDARD, &h, (Blocks){32, 64}, want));
    }
    h.q = all;
    free(want), free(lse), lab_head_free(&h);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 8, 2048),
        d = (int)option_int(&lab->args, "dim", 1, 128);
    Rng rng = lab->rng;
    Plot *p = plot_new(lab, "exactness", "sd block standard fa1 fa2");
    for (int sd = 1; sd <= 16; sd *= 4) {
        FlashHead h = lab_head(&rng, n, d, sqrt(sd));
        double *want = allocate((size_t)(n * d), sizeof *want),
               *lse = allocate((size_t)n, sizeof *lse), worst = 0, standard = 0;
        exact_attention(want, lse, &h);
        for (int block = 1; block <= 256; block *= 4) {
            double e[ALGORITHMS];
            for (int a = 0; a < ALGORITHMS; a++)
                e[a] = error_of((Algorithm)a, &h, (Blocks){16, block}, want);
            plot_row(p, sd, block, e[0], e[1], e[2]);
            standard = nan_max(standard, e[0]);
            // a block of one key is a sum with one accumulator: not what tiles are for
            if (block >= 16) worst = nan_max(worst, nan_max(e[1], e[2]));
        }
        char what[80];
        snprintf(what, sizeof what, "scores of sd %d: error in tiles / standard", sd);
        // another order of sums: a factor of 2 holds with room in every case tried
        claim_at_most(lab, "6.12", what, 2, worst / standard);
        free(want), free(lse), lab_head_free(&h);
    }
    claim_long_rows(lab, &rng);
    plot_axes(p, "B_c: keys in a block", "relative error, root mean square");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y 10");
    plot_set(p, "format y \"%%.0e\"");
    plot_set(p, "yrange [1e-7:1e-5]");
    const int colours[] = {1, 4, 16};
    for (int i = 0; i < 3; i++) {
        plot_series(p,
                    "using ($1==%d?column(\"block\"):NaN):\"standard\" with lines lw 2 "
                    "linecolor \"%s\" title 'standard, sd %d'",
                    colours[i], plot_line_colour(i), colours[i]);
        plot_series(p,
                    "using ($1==%d?column(\"block\"):NaN):\"fa1\" with points pt 6 "
                    "linecolor \"%s\" title 'FlashAttention-1'",
                    colours[i], plot_point_colour(i));
        plot_series(p,
                    "using ($1==%d?column(\"block\"):NaN):\"fa2\" with points pt 2 "
                    "linecolor \"%s\" title 'FlashAttention-2'",
                    colours[i], plot_point_colour(i));
    }
    plot_end(p);
}

const LabSpec lab_exactness = {"exactness", "6.5", "Tiles cost no accuracy", run,
                               options};
