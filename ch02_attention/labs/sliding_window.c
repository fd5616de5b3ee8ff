// How far a stack of sparse layers sees. Lecture, section 2.10.
//
// Exact zeros: a token of the input is changed, and those outputs whose bits change are
// those that depend on it. That pattern is compared with reachability over the links,
// and with the formulas.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/softmax.h"
#include "ch02_attention/sparse.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { TOKENS = 96, DIM = 8, MOST_LAYERS = 8 };

static const Option options[] = {
    {"window", "4", "W: keys a query sees, its own included"},
    {"layers", "3", "Lambda: layers"},
    {0}};

// ---- a stack of attention layers, x = softmax(mask(x x^T / sqrt(d))) x

static void layer(Mat x, Mat scores, Mat mask, Mat out) {
    matmul(scores, x, mat_transpose(x));
    for (int i = 0; i < x.rows; i++) {
        real *row = mat_at(scores, i, 0);
        for (int j = 0; j < x.rows; j++)
            row[j] = row[j] / (real)sqrt(DIM) + *mat_at(mask, i, j);
    }
    softmax_mat(scores);
    matmul(out, scores, x);
    mat_copy(x, out);
}

static void stack(Mat out, Mat in, const SparsePattern *layers, int count) {
    Mat scores = mat_new(TOKENS, TOKENS), mask = mat_new(TOKENS, TOKENS),
        sum = mat_new(TOKENS, DIM);
    mat_copy(out, in);
    for (int l = 0; l < count; l++) {
        sparse_mask(mask, layers[l]);
        layer(out, scores, mask, sum);
    }
    mat_free(scores), mat_free(mask), mat_free(sum);
}

// depends[i * TOKENS + j]: changing token j changes bits of output i. Inputs are small,
// so that attention is nearly even and no path is lost in rounding: a path weighs about
// 1/W a layer, 1/96 where a layer is full: at least 2e-6, of a change of 1.
static void find_dependence(bool *depends, Mat x, const SparsePattern *layers,
                            int count) {
    Mat base = mat_new(TOKENS, DIM);
    stack(base, x, layers, count);
#pragma omp parallel for
    for (int j = 0; j < TOKENS; j++) {
        Mat changed = mat_new(TOKENS, DIM), out = mat_new(TOKENS, DIM);
        mat_copy(changed, x);
        for (int c = 0; c < DIM; c++) *mat_at(changed, j, c) += c % 2 ? 1 : -1;
        stack(out, changed, layers, count);
        for (int i = 0; i < TOKENS; i++)
            depends[i * TOKENS + j] =
                memcmp(mat_at(out, i, 0), mat_at(base, i, 0), DIM * sizeof(real)) != 0;
        mat_free(changed), mat_free(out);
    }
    mat_free(base);
}

// ---- what the last token sees

static int seen_by_last(const bool *depends) {
    int count = 0;
    for (int j = 0; j < TOKENS; j++) count += depends[(TOKENS - 1) * TOKENS + j];
    return count;
}

static int furthest_seen(const bool *depends) {  // tokens from the furthest to itself
    int j = 0;
    while (!depends[(TOKENS - 1) * TOKENS + j]) j++;
    return TOKENS - j;
}

typedef struct {
    int seen, span, differing;
} Field;

static Field measure(Mat x, const SparsePattern *layers, int count) {
    bool *depends = allocate(TOKENS * TOKENS, sizeof *depends),
         *reach = allocate(TOKENS * TOKENS, sizeof *reach);
    find_dependence(depends, x, layers, count);
    sparse_reach(reach, TOKENS, layers, count);
    Field f = {seen_by_last(depends), furthest_seen(depends), 0};
    for (int i = 0; i < TOKENS * TOKENS; i++) f.differing += depends[i] != reach[i];
    free(depends), free(reach);
    return f;
}

static void claim_stacks(Lab *lab, Mat x, int window, int layers) {
    SparsePattern plain[MOST_LAYERS], dilated[MOST_LAYERS], growing[MOST_LAYERS],
        alternating[MOST_LAYERS];
    long long all = 1;
    for (int l = 0; l < layers; l++) {
        plain[l] = (SparsePattern){window, 1}, dilated[l] = (SparsePattern){window, 2};
        growing[l] = sparse_growing(l, window),
        alternating[l] = sparse_alternating(l, window);
        all *= all < TOKENS ? window : 1;
    }
    Field f = measure(x, plain, layers);
    // at most 28: with every 2nd key, 57 of the 96 tokens
    int step = layers * (window - 1);
    claim_equal(lab, "2.57", "window: Lambda (W-1) + 1 tokens back, not Lambda W",
                step + 1, f.span);
    claim_equal(lab, "2.57", "window: outputs that depend otherwise than reached", 0,
                f.differing);
    f = measure(x, dilated, layers);
    claim_equal(lab, "2.58", "every 2nd key: 2 Lambda (W-1) + 1 tokens back",
                2 * step + 1, f.span);
    claim_equal(lab, "2.58", "every 2nd key: seen, Lambda (W-1) + 1, with gaps",
                step + 1, f.seen);
    f = measure(x, growing, layers);
    claim_equal(lab, "2.59", "dilation 1, W, W^2 ...: W^Lambda tokens, no gaps",
                all < TOKENS ? all : TOKENS, f.seen);
    claim_equal(lab, "2.59", "the same: outputs that depend otherwise", 0, f.differing);
    f = measure(x, alternating, layers);
    claim_equal(lab, "2.60", "GPT-3's, full and banded by turns: all tokens", TOKENS,
                f.seen);
}

static void claim_pairs(Lab *lab, int window) {
    SparsePattern pattern = {window, 1};
    claim_equal(lab, "2.57", "pairs of a window: N W - W (W-1) / 2",
                sparse_window_pairs(TOKENS, window),
                sparse_pairs_counted(pattern, TOKENS));
}

static void draw(Lab *lab, Mat x, int window, int layers) {
    Plot *p = plot_new(lab, "sliding_window",
                       "layers window dilated growing alternating window_formula "
                       "dilated_formula growing_formula wrong_formula");
    SparsePattern stacks[4][MOST_LAYERS];
    for (int l = 0; l < layers; l++) {
        stacks[0][l] = (SparsePattern){window, 1},
        stacks[1][l] = (SparsePattern){window, 2};
        stacks[2][l] = sparse_growing(l, window),
        stacks[3][l] = sparse_alternating(l, window);
        double row[9] = {l + 1};
        for (int k = 0; k < 4; k++) row[1 + k] = measure(x, stacks[k], l + 1).span;
        row[5] = (l + 1) * (window - 1) + 1, row[6] = 2 * (l + 1) * (window - 1) + 1;
        row[7] = fmin(TOKENS, pow(window, l + 1)), row[8] = (l + 1) * window;
        plot_row_values(p, row);
    }
    plot_axes(p, "layers", "tokens back that the last token depends on");
    plot_set(p, "xrange [0.8:%g]", layers + 0.2);
    plot_set(p, "yrange [0:%d]", TOKENS + 4);
    plot_set(p, "xtics 1");
    plot_line(p, "layers", "window_formula", "Lambda (W-1) + 1");
    plot_line(p, "layers", "dilated_formula", "2 Lambda (W-1) + 1");
    plot_line(p, "layers", "growing_formula", "W^{Lambda}");
    plot_dashes(p, "layers", "wrong_formula", "Lambda W, often quoted");
    plot_points(p, "layers", "window", "window");
    plot_points(p, "layers", "dilated", "every 2nd key");
    plot_points(p, "layers", "growing", "dilation 1, W, W^2 ...");
    plot_points(p, "layers", "alternating", "full and banded by turns");
    plot_end(p);
}

static void run(Lab *lab) {
    int window = (int)option_int(&lab->args, "window", 1, 8),
        layers = (int)option_int(&lab->args, "layers", 1, 4);
    Mat x = mat_new(TOKENS, DIM);
    Rng rng = lab->rng;
    rng_fill_normal(&rng, x, 0.3);
    claim_pairs(lab, window);
    claim_stacks(lab, x, window, layers);
    draw(lab, x, window, layers);
    mat_free(x);
}

const LabSpec lab_sliding_window = {"sliding-window", "2.10",
                                    "How far sparse layers see", run, options};
