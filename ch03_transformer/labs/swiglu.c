// The price of the feed-forward layer, and the 2/3 rule. Lecture, section 3.4.
//
//     ReLU, GELU   2 matrices, d x 4d             2 d (4 d) = 8 d^2 weights
//     SwiGLU       3 matrices, d x h'             3 d h' = 8 d^2    =>   h' = 8 d / 3, 2/3 of 4 d
//
// Weights are counted in Params, operations by the tape. Odd and even parts say what
// the activation function is: with f(x) - f(-x) = x, ffn(x) - ffn(-x) = x W1 W2, and
// for SwiGLU ffn(x) + ffn(-x) = (xWg * xW1) W2. Shazeer (2020), arXiv:2002.05202.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/ffn.h"
#include "ch03_transformer/published.h"
#include "common/program/lab.h"

static const Option options[] = {
    {"multiple", "256", "SwiGLU's width is rounded up to a multiple of it"},
    {"dim", "4096", "d of the table"},
    {0}};

enum { ROWS = 5 };

// ---- what a layer costs

typedef struct {
    // FLOPs for ROWS rows; kept: numbers per row that the tape holds
    long long weights, forward, backward, kept;
} Cost;

static long long weights_of(FfnKind kind, int d, int hidden) {
    Params p = {0};
    ffn_new(&p, kind, d, hidden, false, normal(1), normal(1), "ffn");
    long long size = (long long)p.size;
    params_free(&p);
    return size;
}

static Cost cost(FfnKind kind, int d) {
    Params p = {0};
    Ffn layer = ffn_new(&p, kind, d, ffn_hidden(kind, d, 1), false, normal(1),
                        normal(1), "ffn");
    params_allocate(&p), params_allocate_grads(&p);
    Tape *t = tape_new(&p);
    Mat x = mat_new(ROWS, d);
    Node *y = ffn(t, &layer, variable_node(t, x));
    Cost c = {
        .weights = (long long)p.size,
        .kept = (long long)(tape_counts(t).activation_bytes / sizeof(real) / ROWS)};
    tape_backward_from(t, y, x);
    c.forward = (long long)tape_counts(t).flops_forward,
    c.backward = (long long)tape_counts(t).flops_backward;
    mat_free(x), tape_free(t), params_free(&p);
    return c;
}

// ---- claims

static void claim_widths(Lab *lab) {
    const char *const models[] = {"llama-7b", "llama-13b", "llama-33b", "llama-65b"};
    for (int i = 0; i < 4; i++) {
        const PublishedModel *m = published_find(models[i]);
        char what[64];
        snprintf(what, sizeof what, "%s, d = %d: 8 d / 3 to a multiple of 256",
                 models[i], m->d);
        claim_equal(lab, "3.24", what, m->ffn, ffn_hidden(FFN_SWIGLU, m->d, 256));
    }
    // Llama 2's 70B multiplies the width by 1.3 first, and rounds to 4096 (params.json
    // of the release).
    const PublishedModel *m = published_find("llama2-70b");
    int wider = (int)(1.3 * ffn_hidden(FFN_SWIGLU, m->d, 1));
    claim_equal(lab, "3.24", "llama2-70b: 1.3 times that, a multiple of 4096", m->ffn,
                (wider + 4095) / 4096 * 4096);
    lab_print(lab, "(the rule alone gives it %d)", ffn_hidden(FFN_SWIGLU, m->d, 256));
}

// floor(8 d / 3) leaves (8 d mod 3) / 3 of a column out: (8 d mod 3) d weights.
static void claim_parity(Lab *lab) {
    long long unequal = 0, rest = 0, forward = 0, backward = 0, memory = 0;
    for (int d = 48; d <= 96; d++) {
        Cost gelu_cost = cost(FFN_GELU, d), gated = cost(FFN_SWIGLU, d);
        rest += gelu_cost.weights - gated.weights != 8 * d % 3 * d;
        if (d % 3 == 0)
            unequal += gelu_cost.weights != gated.weights
                       || gelu_cost.forward != gated.forward
                       || gelu_cost.backward != gated.backward;
        const Cost *both[] = {&gelu_cost, &gated};
        for (int i = 0; i < 2; i++) {
            forward += both[i]->forward != 2 * ROWS * both[i]->weights;
            backward += both[i]->backward != 2 * both[i]->forward;
        }
        // Held: up, f of it, result; and up, gate, their product with f, result.
        memory += gelu_cost.kept != 9 * d || gated.kept != 3 * (8 * d / 3) + d;
    }
    claim_equal(lab, "3.25", "3 divides d: weights or FLOPs differ, of 17 d", 0,
                unequal);
    claim_equal(lab, "3.25", "8 d^2 less (8 d mod 3) d weights: not so, of 49 d", 0,
                rest);
    claim_equal(lab, "3.25", "forward is not 2 FLOPs per weight and row", 0, forward);
    claim_equal(lab, "3.25", "backward is not twice forward", 0, backward);
    claim_equal(lab, "3.25", "numbers kept a row: not 9 d, or not 3 h' + d", 0, memory);
    // From floor(8 d / 3), up by at most multiple - 1 columns of 3 d weights.
    double most = 0;
    int multiple = (int)option_int(&lab->args, "multiple", 1, 1 << 12);
    for (int d = 1; d <= 8192; d++) {
        double surplus =
            (double)weights_of(FFN_SWIGLU, d, ffn_hidden(FFN_SWIGLU, d, multiple))
            - 8.0 * d * d;
        most = nan_max(most, surplus / (3.0 * d));
    }
    claim_at_most(lab, "3.25", "rounding up: surplus in columns, of 3 d weights",
                  multiple - 1, most);
}

// ---- the odd and the even part

// The largest |y - z| / size.
static double off(Mat y, Mat z, Mat size) {
    double worst = 0;
    for (int i = 0; i < y.rows; i++)
        for (int j = 0; j < y.cols; j++)
            worst =
                nan_max(worst, fabs((double)*mat_at(y, i, j) - (double)*mat_at(z, i, j))
                                   / (double)*mat_at(size, i, j));
    return worst;
}

static Node *sizes(Tape *t, Node *x) {
    Mat m = tape_mat(t, x->value.rows, x->value.cols);
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            *mat_at(m, i, j) = (real)fabs((double)*mat_at(x->value, i, j));
    return constant_node(t, m);
}

// x W, or the sum of the sizes of its terms.
static Node *times(Tape *t, Node *x, const Linear *l, bool sized) {
    Node *w = param(t, l->weight);
    return sized ? matmul_node(t, sizes(t, x), sizes(t, w), NULL)
                 : matmul_node(t, x, w, NULL);
}

// The layer without its activation function: x W1 W2, or (xWg * xW1) W2.
static Mat unbent(Tape *t, const Ffn *f, Node *x, bool sized) {
    Node *inner = times(t, x, &f->up, sized);
    if (ffn_kinds[f->kind].gated)
        inner = product(t, times(t, x, &f->gate, sized), inner);
    return times(t, inner, &f->down, sized)->value;
}

static void claim_parts(Lab *lab) {
    enum { D = 48 };
    for (int k = 0; k < FFN_KINDS; k++) {
        Params p = {0};
        FfnKind kind = (FfnKind)k;
        int hidden = ffn_hidden(kind, D, 1);
        Ffn f = ffn_new(&p, kind, D, hidden, false, normal(1 / sqrt(D)),
                        normal(1 / sqrt(hidden)), "ffn");
        params_allocate(&p), params_init(&p, &lab->rng);
        Tape *t = tape_new(&p);
        Mat at = tape_mat(t, ROWS, D);
        rng_fill_normal(&lab->rng, at, 1);
        Node *x = constant_node(t, at), *y = ffn(t, &f, x),
             *mirrored = ffn(t, &f, scale(t, x, -1));
        Node *part =
            ffn_kinds[kind].gated ? add(t, y, mirrored) : subtract(t, y, mirrored);
        char what[64];
        snprintf(what, sizeof what, "%s: ffn(x) %s", ffn_name(k),
                 ffn_kinds[kind].gated ? "+ ffn(-x) = (xWg * xW1) W2"
                                       : "- ffn(-x) = x W1 W2");
        // Three layers, each a sum of d and one of h products, and at most 12 roundings
        // in the activation function.
        claim_near(lab, "3.22", what, 0,
                   off(part->value, unbent(t, &f, x, false), unbent(t, &f, x, true)),
                   3 * (D + hidden + 12) * 0x1p-24);
        tape_free(t), params_free(&p);
    }
}

// ---- the table

static double per_square(FfnKind kind, int d, int hidden) {
    return (double)weights_of(kind, d, hidden) / d / d;
}

static void table(Lab *lab) {
    const int d = (int)option_int(&lab->args, "dim", 1, 1 << 14),
              multiple = (int)option_int(&lab->args, "multiple", 1, 1 << 12);
    const struct {
        FfnKind kind;
        int hidden;
        const char *width;
    } rows[] = {{FFN_GELU, 4 * d, "4 d"},
                {FFN_SWIGLU, 4 * d, "4 d"},
                {FFN_SWIGLU, ffn_hidden(FFN_SWIGLU, d, 1), "8 d / 3"},
                {FFN_SWIGLU, ffn_hidden(FFN_SWIGLU, d, multiple), "rounded up"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        lab_print(lab, "d = %d, %-6s width %5d (%s): %.4f d^2 weights", d,
                  ffn_name(rows[i].kind), rows[i].hidden, rows[i].width,
                  per_square(rows[i].kind, d, rows[i].hidden));
}

static void run(Lab *lab) {
    claim_widths(lab);
    claim_parity(lab);
    claim_parts(lab);
    table(lab);
}

const LabSpec lab_swiglu = {"swiglu", "3.4",
                            "SwiGLU at the price of GELU: two thirds of the width", run,
                            options};
