// The core that models run against the plain attention that a reader sees first: one
// formula, two ways to go through it.
#include <criterion/criterion.h>
#include <math.h>

#include "ch02_attention/attend_token.h"
#include "ch02_attention/attention.h"
#include "ch02_attention/tests/cases.h"
#include "ch02_attention/tests/reference.h"

enum { HEADS = 3, NUMBER = 1, BUCKETS = 8 };

// A position of each kind that adds to the scores, and none.
static Position bias_number(int n, Mat parameters) {
    switch (n) {
        case 1:
            return position_new_alibi(HEADS, mat_transpose(mat_cols(parameters, 0, 1)));
        case 2: return position_new_t5(mat_cols(parameters, 0, BUCKETS), 40, false);
        default: return position_new_none();
    }
}
enum { BIASES = 3 };

typedef struct {
    Mat q, k, v, r, bias;  // r: the gradient with respect to out
    Mat out, weights, grad_q, grad_k, grad_v, grad_bias;  // the plain version's
} Plain;

static Plain plain_new(int T, int S, int d, int d_v, const Position *position,
                       const Mask *mask, Rng *rng) {
    Plain p = {random_mat(rng, T, d, 1),
               random_mat(rng, S, d, 1),
               random_mat(rng, S, d_v, 1),
               random_mat(rng, T, d_v, 1),
               mat_new(T, S),
               mat_new(T, d_v),
               mat_new(T, S),
               mat_new(T, d),
               mat_new(S, d),
               mat_new(S, d_v),
               mat_new(T, S)};
    real scale = attention_scale(d);
    position_bias(position, NUMBER, p.bias, S - T, 0);
    attention(p.out, p.weights, p.q, p.k, p.v, scale, p.bias, mask);
    attention_backward(p.grad_q, p.grad_k, p.grad_v, p.grad_bias, p.r, p.weights, p.q,
                       p.k, p.v, scale);
    mat_scale(p.q, scale);  // as the core wants it
    return p;
}

static void plain_free(Plain *p) {
    Mat all[] = {p->q,       p->k,      p->v,      p->r,      p->bias,     p->out,
                 p->weights, p->grad_q, p->grad_k, p->grad_v, p->grad_bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// d + 3 roundings of a score of up to 3 d, twice that in a weight; S of a sum.
static double rounding(int S, int d) {
    return REAL_EPS * ((d + 3) * 8.0 * d * attention_scale(d) + S + 8);
}

static void check_forward(const Plain *p, Head *head, double off) {
    int T = p->q.rows, S = p->k.rows;
    Mat out = mat_new(T, p->v.cols), alone = mat_new(T, p->v.cols);
    attend_head(out, head);
    cr_assert(mat_difference(head->weights, p->weights) <= off);
    cr_assert(mat_difference(out, p->out) <= 2 * off * (1 + mat_largest(p->v)));
    Mat kept = head->weights;
    head->weights = (Mat){0};
    attend_head(alone, head);
    cr_assert_eq(mat_difference(out, alone), 0, "other bits without weights");
    head->weights = kept;
    if (T == 1) {
        Mat room = head->workspace;
        head->workspace = mat_new(1, S);
        mat_fill(alone, NAN);
        attend_token(alone, head);
        cr_assert(mat_difference(alone, p->out) <= 2 * off * (1 + mat_largest(p->v)));
        mat_free(head->workspace), head->workspace = room;
    }
    mat_free(out), mat_free(alone);
}

static void check_backward(const Plain *p, Head *head, Mat parameters, double off) {
    const Position *position = head->position;
    HeadGrads g = {mat_new(p->q.rows, p->q.cols), mat_new(p->k.rows, p->k.cols),
                   mat_transpose(mat_new(p->v.cols, p->v.rows)),
                   position->parameters.at
                       ? mat_new(position->parameters.rows, position->parameters.cols)
                       : (Mat){0}};
    attend_head_backward(g, p->r, head);
    mat_scale(g.q, attention_scale(p->q.cols));  // from d(scale Q) to dQ
    double size = (1 + mat_largest(p->v)) * (1 + mat_largest(p->r)) * 40 * p->q.rows;
    cr_assert(mat_difference(g.q, p->grad_q) <= off * size);
    cr_assert(mat_difference(g.k, p->grad_k) <= off * size);
    cr_assert(mat_difference(g.v, p->grad_v) <= off * size);
    if (g.position.at) {
        Mat want = mat_new(g.position.rows, g.position.cols);
        position_bias_backward(position, NUMBER, p->grad_bias, p->k.rows - p->q.rows, 0,
                               want);
        double most = 1 + mat_largest(want) + p->q.rows * (double)p->k.rows;
        cr_assert(mat_difference(g.position, want) <= off * size * most);
        mat_free(want);
    }
    (void)parameters;
    mat_free(g.q), mat_free(g.k), mat_free(mat_transpose(g.v)), mat_free(g.position);
}

static void check_core(int T, int S, int d, const Mask *mask, Rng *rng) {
    Mat parameters = random_mat(rng, HEADS, BUCKETS, 0.3);
    for (int n = 0; n < BIASES; n++)
        for (int d_v = d; d_v <= d + 3; d_v += 3) {
            Position position = bias_number(n, parameters);
            Plain p = plain_new(T, S, d, d_v, &position, mask, rng);
            Head head = {p.q,  p.k,       p.v,   mat_new(T, S), attend_workspace(T, S),
                         mask, &position, NUMBER};
            double off = rounding(S, d) * (1 + mat_largest(p.bias));
            check_forward(&p, &head, off);
            check_backward(&p, &head, parameters, off);
            mat_free(head.weights), mat_free(head.workspace);
            plain_free(&p), position_free(&position);
        }
    mat_free(parameters);
}

Test(attention_core, is_the_plain_attention) { every_case(check_core); }

// A block leaves out nothing that is seen.
static void check_blocks(int T, int S, int d, const Mask *mask, Rng *rng) {
    (void)rng, (void)d;
    for (int row = 0; row < T; row += 4) {
        ScoreBlock b = score_block(mask, T, S, row, 4);
        cr_assert(b.col >= 0 && b.cols >= 0 && b.col + b.cols <= S && b.row == row
                  && b.rows <= 4);
        for (int i = row; i < row + b.rows; i++)
            for (int j = 0; j < S; j++)
                cr_assert(
                    !mask_sees(mask, T, S, i, j) || (b.col <= j && j < b.col + b.cols),
                    "%d of %d sees %d of %d", i, T, j, S);
    }
}

Test(attention_core, blocks) { every_case(check_blocks); }

// A group's heads, each with its own bias, share keys and values. d: below a vector, of
// whole ones, and of all that the loops take apart.
static void check_group(int d) {
    enum { S = 301 };  // past two stretches of keys
    Rng rng = rng_new(2);
    Mat q = random_mat(&rng, HEADS, d, 1), k = random_mat(&rng, S, d, 1),
        v = random_mat(&rng, S, d, 1), out = mat_new(HEADS, d), one = mat_new(1, d);
    mat_scale(q, attention_scale(d));
    Position alibi = position_new_alibi(HEADS, (Mat){0});
    Mask mask = {.window = 250};
    Head head = {q, k, v, {0}, mat_new(HEADS, S), &mask, &alibi, 0};
    attend_token(out, &head);
    for (int h = 0; h < HEADS; h++) {
        head.q = mat_rows(q, h, 1), head.number = h;
        attend_head(one, &head);
        cr_assert(mat_difference(one, mat_rows(out, h, 1)) <= S * 4 * REAL_EPS,
                  "d = %d", d);
    }
    Mat all[] = {q, k, v, out, one, head.workspace};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    position_free(&alibi);
}

Test(attention_core, a_token_of_a_group_is_each_head_by_itself) {
    static const int dims[] = {5, 16, 48, 64, 123, 131};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) check_group(dims[i]);
}
