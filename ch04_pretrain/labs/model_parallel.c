// A model over several processes: layers in halves, and layers in a row. Lecture, section
// 4.23.
#include <math.h>
#include <stdio.h>

#include "ch04_pretrain/pipeline.h"
#include "ch04_pretrain/split_linear.h"
#include "common/program/plot.h"

enum { TOKENS = 12, CHANNELS = 24, HIDDEN = 40, PIECES = 3, MOST_PARTS = 32 };

static const Option options[] = {{"stages", "4", "of the pipeline in the figure"}, {0}};

// ---- halves of layers

// Whole numbers of at most 7: sums of 40 products of 24 such sums stay below 2^24, so no
// order of additions rounds, and what is equal is equal to the bit.
static Mat whole_numbers(Rng *rng, int rows, int cols) {
    Mat m = mat_new(rows, cols);
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < cols; k++)
            *mat_at(m, i, k) = (real)(rng_below(rng, 15) - 7);
    return m;
}

static void relu(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int k = 0; k < m.cols; k++)
            if (*mat_at(m, i, k) < 0) *mat_at(m, i, k) = 0;
}

static long long different(Mat a, Mat b) {
    long long count = 0;
    for (int i = 0; i < a.rows; i++)
        for (int k = 0; k < a.cols; k++) count += *mat_at(a, i, k) != *mat_at(b, i, k);
    return count;
}

// f before the sum of a split by rows: sum over k of f(x_k A_k), and then B.
static void sum_too_late(Mat y, Mat x, Mat a, Mat b) {
    Mat h = mat_new(x.rows, a.cols), part = mat_new(x.rows, a.cols);
    mat_fill(h, 0);
    for (int k = 0; k < PIECES; k++) {
        int n = CHANNELS / PIECES;
        matmul(part, mat_cols(x, k * n, n), mat_rows(a, k * n, n));
        relu(part);
        for (int i = 0; i < h.rows; i++)
            for (int c = 0; c < h.cols; c++) *mat_at(h, i, c) += *mat_at(part, i, c);
    }
    matmul(y, h, b);
    mat_free(h), mat_free(part);
}

static void claim_split(Lab *lab) {
    Mat x = whole_numbers(&lab->rng, TOKENS, CHANNELS),
        a = whole_numbers(&lab->rng, CHANNELS, HIDDEN),
        b = whole_numbers(&lab->rng, HIDDEN, CHANNELS), h = mat_new(TOKENS, HIDDEN),
        split_h = mat_new(TOKENS, HIDDEN), y = mat_new(TOKENS, CHANNELS),
        split = mat_new(TOKENS, CHANNELS);
    matmul(h, x, a);
    linear_by_columns(split_h, x, a, PIECES);
    claim_equal(lab, "4.118", "by columns: numbers that differ", 0,
                different(h, split_h));
    linear_by_rows(split_h, x, a, PIECES);
    claim_equal(lab, "4.118", "by rows: numbers that differ", 0, different(h, split_h));
    relu(h), matmul(y, h, b);
    feed_forward_split(split, x, a, b, relu, PIECES);
    claim_equal(lab, "4.119", "two layers, one sum: numbers that differ", 0,
                different(y, split));
    sum_too_late(split, x, a, b);
    // f(a + b) = f(a) + f(b) only where signs agree: nearly nowhere
    claim_at_least(lab, "4.119", "f before the sum: numbers that differ",
                   0.9 * TOKENS * CHANNELS, (double)different(y, split));
    mat_free(x), mat_free(a), mat_free(b), mat_free(h), mat_free(split_h), mat_free(y);
    mat_free(split);
}

// ---- layers in a row

static double bubble_of(int stages, int parts) {
    return (stages - 1.0) / (parts + stages - 1);
}

// All p and m up to 8, backward twice as long as forward.
static void claim_pipeline(Lab *lab) {
    double worst[PIPELINE_KINDS] = {0};
    long long wrong_held = 0;
    for (int p = 1; p <= 8; p++)
        for (int m = 1; m <= 8; m++)
            for (int kind = 0; kind < PIPELINE_KINDS; kind++) {
                PipelineRun r = pipeline_run((PipelineKind)kind, p, m, 1, 2);
                worst[kind] = nan_max(worst[kind], fabs(r.bubble - bubble_of(p, m)));
                int held = kind == PIPELINE_1F1B && p < m ? p : m;
                wrong_held += r.held != held;
            }
    // a quotient of whole numbers, a few roundings
    for (int kind = 0; kind < PIPELINE_KINDS; kind++) {
        char what[80];
        snprintf(what, sizeof what, "%s: bubble less (p - 1) / (m + p - 1), largest",
                 pipeline_names[kind]);
        claim_near(lab, "4.120", what, 0, worst[kind], 1e-14);
    }
    claim_equal(lab, "4.121", "parts held: gpipe m, 1f1b min(p, m); cases that differ",
                0, wrong_held);
}

static void draw(Lab *lab, int stages) {
    Plot *p =
        plot_new(lab, "model_parallel", "parts bubble simulated held_gpipe held_1f1b");
    for (int m = 1; m <= MOST_PARTS; m++) {
        bool shown = m <= 8 || m % 4 == 0;
        PipelineRun g = pipeline_run(PIPELINE_GPIPE, stages, m, 1, 2),
                    f = pipeline_run(PIPELINE_1F1B, stages, m, 1, 2);
        plot_row(p, m, bubble_of(stages, m), shown ? g.bubble : NAN, g.held, f.held);
    }
    plot_title(p, "A pipeline's bubble, and what its first stage holds");
    plot_axes(p, "m: parts of a batch", "share of the time that is lost");
    plot_set(p, "yrange [0:1]"), plot_set(p, "y2range [0:32]"), plot_set(p, "y2tics 8");
    plot_set(p, "ytics nomirror"), plot_set(p, "y2label \"parts held\"");
    plot_line(p, "parts", "bubble", "(p - 1) / (m + p - 1)");
    plot_points(p, "parts", "simulated", "simulated");
    plot_series(
        p,
        "using \"parts\":\"held_gpipe\" axes x1y2 with lines dashtype 2 linecolor "
        "\"" PLOT_VERMILION "\" title \"held, all forward first\"");
    plot_series(
        p,
        "using \"parts\":\"held_1f1b\" axes x1y2 with lines dashtype 2 linecolor "
        "\"" PLOT_GREEN "\" title \"held, one forward one backward\"");
    plot_end(p);
}

static void run(Lab *lab) {
    int stages = (int)option_int(&lab->args, "stages", 1, 1000);
    claim_split(lab), claim_pipeline(lab);
    draw(lab, stages);
}

const LabSpec lab_model_parallel = {"model-parallel", "4.23",
                                    "A model over several processes", run, options};
