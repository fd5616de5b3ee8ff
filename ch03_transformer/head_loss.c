#include "ch03_transformer/head_loss.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/parallel.h"
#include "common/numeric/small.h"

typedef struct {
    const int *targets;
    int counted, width;  // columns of a block
    Mat e;               // block after block, each rows x its columns: rows x V numbers
    Mat factors;         // rows x blocks: e^(m_b - m)
    Mat sums;            // rows x 1: S
} Saved;

enum {
    BLOCK = 256 * 1024,  // numbers: a megabyte of floats, half of an L2 cache
    NARROWEST = 128,     // columns: less is not worth a product
    WIDEST = 1024,
};

// Not from this machine's caches: a sum over V is taken block by block.
static int block_width(int rows) {
    int fits = BLOCK / int_max(1, rows) / NARROWEST * NARROWEST;
    return int_max(NARROWEST, int_min(WIDEST, fits));
}

static Mat block_at(const Saved *s, int column) {
    return mat_view(s->e.at + (size_t)s->e.rows * (size_t)column, s->e.rows,
                    int_min(s->width, s->e.cols - column));
}

// ---- forward

// What is known of the rows while blocks go by.
typedef struct {
    Mat most, sums;  // rows x blocks: m_b, and the sum of e^(l - m_b)
    Mat chosen;      // rows x 1: the target's logit
} Passing;

// The block of logits that begins at `column` becomes e^(l - m_b).
static void pass_block(const Saved *s, Passing p, int column, const real *bias) {
    Mat e = block_at(s, column);
    const int b = column / s->width;
#pragma omp parallel for if (worth_threads(e))
    for (int i = 0; i < e.rows; i++) {
        real *l = mat_at(e, i, 0);
        const int target = s->targets[i] - column;
        if (s->targets[i] < 0) {
            memset(l, 0, (size_t)e.cols * sizeof *l);
            continue;
        }
        for (int j = 0; bias && j < e.cols; j++) l[j] += bias[column + j];
        if (0 <= target && target < e.cols) *mat_at(p.chosen, i, 0) = l[target];
        const real most = *mat_at(p.most, i, b) = array_max(l, (size_t)e.cols);
        *mat_at(p.sums, i, b) = array_exp_sum(l, l, (size_t)e.cols, most);
    }
}

// Row i's factors and its S; returns -ln p(target). The target's own block gets its
// factor at once, so that S can be taken from it: S / factor might overflow.
static double finish_row(const Saved *s, Passing p, int i) {
    const int blocks = s->factors.cols, target = s->targets[i];
    real *factors = mat_at(s->factors, i, 0);
    if (target < 0) return *mat_at(s->sums, i, 0) = 1, 0;
    const real most = array_max(mat_at(p.most, i, 0), (size_t)blocks);
    double sum = 0;
    for (int b = 0; b < blocks; b++) {
        double below = (double)*mat_at(p.most, i, b) - (double)most;
        factors[b] = (real)exp(below);
        sum += (double)factors[b] * (double)*mat_at(p.sums, i, b);
    }
    *mat_at(s->sums, i, 0) = (real)sum;
    const int of_target = target / s->width, column = of_target * s->width;
    Mat e = mat_rows(block_at(s, column), i, 1);
    mat_scale(e, factors[of_target]);
    factors[of_target] = 1;
    *mat_at(e, 0, target - column) -= (real)sum;
    return (double)most - (double)*mat_at(p.chosen, i, 0) + log(sum);
}

// losses[i]: -ln p_i(target_i), 0 where it is ignored.
static void forward(const Saved *s, Mat x, Mat w, const real *bias, double *losses) {
    const int rows = x.rows, blocks = s->factors.cols;
    Passing p = {mat_new(rows, blocks), mat_new(rows, blocks), mat_new(rows, 1)};
    for (int column = 0; column < w.cols; column += s->width) {
        Mat e = block_at(s, column);
        matmul(e, x, mat_cols(w, column, e.cols));
        pass_block(s, p, column, bias);
    }
#pragma omp parallel for if (worth_threads(s->e))
    for (int i = 0; i < rows; i++) losses[i] = finish_row(s, p, i);
    mat_free(p.most), mat_free(p.sums), mat_free(p.chosen);
}

// ---- backward

// to_i = or += slopes_i from_i; slopes: rows x 1.
static void put_rows_scaled(Mat to, bool add, Mat slopes, Mat from) {
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++) {
        real *y = mat_at(to, i, 0), slope = *mat_at(slopes, i, 0);
        const real *x = mat_at(from, i, 0);
        for (int j = 0; j < to.cols; j += VEC_LANES)
            vec_put(y + j, to.cols - j, slope * vec_load_some(x + j, to.cols - j), add);
    }
}

// s_ib = grad e^(m_b - m) / (counted S); 0 in rows that are ignored
static Mat slopes_new(const Saved *s, real grad) {
    Mat slopes = mat_new(s->e.rows, s->factors.cols);
    for (int i = 0; i < slopes.rows && s->counted; i++)
        for (int b = 0; b < slopes.cols && s->targets[i] >= 0; b++)
            *mat_at(slopes, i, b) =
                *mat_at(s->factors, i, b)
                * (grad / ((real)s->counted * *mat_at(s->sums, i, 0)));
    return slopes;
}

// A block is read from memory once, for both products.
static void pull(Tape *t, Node *loss) {
    const Saved *s = loss->saved;
    Node *x = loss->from[0], *w = loss->from[1], *bias = loss->from[2];
    bool add_x = false, add_w = false;
    Mat dx = wants_grad(x) ? grad_write(t, x, &add_x) : (Mat){0},
        dw = wants_grad(w) ? grad_write(t, w, &add_w) : (Mat){0};
    Mat slopes = slopes_new(s, *loss->grad.at),
        narrow = mat_new(s->e.rows, x->value.cols);
    for (int column = 0; column < s->e.cols; column += s->width) {
        Mat e = block_at(s, column), slope = mat_cols(slopes, column / s->width, 1);
        if (dw.at) {
            put_rows_scaled(narrow, false, slope, x->value);
            (add_w ? matmul_add : matmul)(mat_cols(dw, column, e.cols),
                                          mat_transpose(narrow), e);
        }
        if (dx.at) {
            matmul(narrow, e, mat_transpose(mat_cols(w->value, column, e.cols)));
            put_rows_scaled(dx, add_x || column > 0, slope, narrow);
        }
        if (wants_grad(bias))
            matmul_add(mat_cols(grad_add(t, bias), column, e.cols),
                       mat_transpose(slope), e);
    }
    tape_count_flops(t, 2.0 * ((dx.at != NULL) + (dw.at != NULL)) * s->e.rows
                            * x->value.cols * s->e.cols);
    mat_free(slopes), mat_free(narrow);
}

// ---- the operation

static const Operation operation = {"output, loss", pull};

static const int *copy_of(Tape *t, const int *targets, int n) {
    int *copy = tape_allocate(t, (size_t)n * sizeof *copy);
    return memcpy(copy, targets, (size_t)n * sizeof *copy);
}

Node *linear_cross_entropy(Tape *t, Node *x, Node *w, Node *bias, const int *targets) {
    const int rows = x->value.rows, vocabulary = w->value.cols;
    assert(x->value.cols == w->value.rows
           && "linear_cross_entropy: x is not rows x in, or W not in x V");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == vocabulary))
           && "linear_cross_entropy: the bias is not 1 x V");
    Node *loss = node_new(t, &operation, 1, 1, x, w, bias);
    Saved *s = loss->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){.targets = copy_of(t, targets, rows),
                 .width = block_width(rows),
                 .e = tape_mat(t, rows, vocabulary),
                 .sums = tape_mat(t, rows, 1)};
    s->factors = tape_mat(t, rows, ceil_div(vocabulary, s->width));
    for (int i = 0; i < rows; i++) {
        assert(targets[i] < vocabulary
               && "linear_cross_entropy: a target is not a column of the logits");
        s->counted += targets[i] >= 0;
    }
    double *losses = tape_allocate(t, (size_t)rows * sizeof *losses), sum = 0;
    forward(s, x->value, w->value, bias ? bias->value.at : NULL, losses);
    for (int i = 0; i < rows; i++) sum += losses[i];
    *loss->value.at = s->counted ? (real)(sum / s->counted) : 0;
    tape_count_flops(t, 2.0 * rows * x->value.cols * vocabulary);
    return loss;
}
