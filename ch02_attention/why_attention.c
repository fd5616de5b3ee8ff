#include "ch02_attention/why_attention.h"

#include <math.h>
#include <stdlib.h>

#include "ch02_attention/attention.h"
#include "common/error.h"

// ---- tokens that know when they are ready, and how far the first token's news has
// come

enum { NEVER = 1 << 28 };

typedef struct {
    int ready;  // steps until it is computed
    // updates between the first token of the input and this; NEVER: none reaches it
    int path;
    double *x;  // d numbers
} Token;

typedef struct {
    int n, d;
    Token *tokens;
    double *numbers;
} Sequence;

static Sequence sequence_new(int n, int d) {
    Sequence s = {n, d, allocate((size_t)n, sizeof(Token)),
                  allocate((size_t)n * d, sizeof(double))};
    for (int t = 0; t < n; t++)
        s.tokens[t] = (Token){0, t ? NEVER : 0, s.numbers + (size_t)t * d};
    for (int i = 0; i < n * d; i++) s.numbers[i] = sin(i);  // any numbers
    return s;
}

static void sequence_free(Sequence *s) { free(s->tokens), free(s->numbers); }

// `to` is computed from `from` (and perhaps others): later, and one update further.
static void hears(Token *to, const Token *from) {
    if (to->ready < from->ready + 1) to->ready = from->ready + 1;
    if (to->path > from->path + 1) to->path = from->path + 1;
}

static double dot(const double *a, const double *b, int d, LayerCount *c) {
    double sum = 0;
    for (int i = 0; i < d; i++, c->multiply_adds++) sum += a[i] * b[i];
    return sum;
}

// to += W_j from, W_j some d x d matrix.
static void add_product(double *to, const double *from, int j, int d, LayerCount *c) {
    for (int row = 0; row < d; row++)
        for (int i = 0; i < d; i++, c->multiply_adds++)
            to[row] += cos(j + row + d * i) / d * from[i];
}

static void clear(Sequence *s) {
    for (int t = 0; t < s->n; t++) s->tokens[t].ready = 0, s->tokens[t].path = NEVER;
    for (int i = 0; i < s->n * s->d; i++) s->numbers[i] = 0;
}

static LayerCount finish(LayerCount c, const Sequence *s) {
    for (int t = 0; t < s->n; t++)
        if (s->tokens[t].ready > c.steps) c.steps = s->tokens[t].ready;
    c.path = s->tokens[s->n - 1].path;
    return c;
}

// ---- the three layers

// All keys for every query, as the formula has it: the mask only decides who is heard.
LayerCount count_attention(int n, int d) {
    LayerCount c = {.layers = 1};
    Sequence in = sequence_new(n, d), out = sequence_new(n, d);
    double *p = allocate((size_t)n, sizeof *p);
    clear(&out);
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++)
            p[j] = exp(dot(in.tokens[i].x, in.tokens[j].x, d, &c) / sqrt(d)) * (j <= i),
            sum += p[j];
        for (int j = 0; j < n; j++) {
            for (int a = 0; a < d; a++, c.multiply_adds++)
                out.tokens[i].x[a] += p[j] / sum * in.tokens[j].x[a];
            if (j <= i) hears(&out.tokens[i], &in.tokens[j]);
        }
    }
    c = finish(c, &out);
    free(p), sequence_free(&in), sequence_free(&out);
    return c;
}

LayerCount count_recurrence(int n, int d) {
    LayerCount c = {.layers = 1};
    Sequence s = sequence_new(n, d);  // token t becomes the state y_t
    Token start = {0, NEVER, allocate((size_t)d, sizeof(double))};
    for (int t = 0; t < n; t++) {
        Token *before = t ? &s.tokens[t - 1] : &start;
        add_product(s.tokens[t].x, before->x, 0, d, &c);
        for (int i = 0; i < d; i++) s.tokens[t].x[i] = tanh(s.tokens[t].x[i]);
        hears(&s.tokens[t], before);
    }
    c = finish(c, &s);
    free(start.x), sequence_free(&s);
    return c;
}

LayerCount count_convolution(int n, int d, int kernel) {
    LayerCount c = {0};
    Sequence in = sequence_new(n, d), out = sequence_new(n, d);
    for (; in.tokens[n - 1].path == NEVER; c.layers++) {
        clear(&out);
        for (int t = 0; t < n; t++)
            for (int j = 0; j < kernel; j++) {
                static const double zeros[4096];
                add_product(out.tokens[t].x, t >= j ? in.tokens[t - j].x : zeros, j, d,
                            &c);  // zeros before the start
                if (t >= j) hears(&out.tokens[t], &in.tokens[t - j]);
            }
        Sequence swap = in;
        in = out, out = swap;
    }
    c = finish(c, &in);
    sequence_free(&in), sequence_free(&out);
    return c;
}

// ---- gradients

static double norm(const double *x, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) sum += x[i] * x[i];
    return sqrt(sum);
}

// Rows of a random orthogonal matrix: Gram and Schmidt on random vectors, twice, so
// that rounding does not tell.
static void random_orthogonal(double *w, int d, Rng *rng) {
    for (int i = 0; i < d; i++) {
        double *row = w + (size_t)i * d;
        for (int j = 0; j < d; j++) row[j] = rng_normal(rng);
        for (int twice = 0; twice < 2; twice++)
            for (int k = 0; k < i; k++) {
                double along = 0;
                for (int j = 0; j < d; j++) along += row[j] * w[(size_t)k * d + j];
                for (int j = 0; j < d; j++) row[j] -= along * w[(size_t)k * d + j];
            }
        double length = norm(row, d);
        for (int j = 0; j < d; j++) row[j] /= length;
    }
}

// Forward, keeping every state; then back from the last.
void rnn_gradient_norms(double *norms, int steps, int d, double rho, bool linear,
                        Rng *rng) {
    double *w = allocate((size_t)d * d, sizeof *w), *g = allocate((size_t)d, sizeof *g),
           *back = allocate((size_t)d, sizeof *back);
    double *y = allocate((size_t)(steps + 1) * d, sizeof *y);
    random_orthogonal(w, d, rng);
    for (int t = 1; t <= steps && !linear; t++)
        for (int i = 0; i < d; i++) {
            double sum = rng_normal(rng);
            for (int j = 0; j < d; j++)
                sum += rho * w[(size_t)i * d + j] * y[(size_t)(t - 1) * d + j];
            y[(size_t)t * d + i] = tanh(sum);
        }
    for (int i = 0; i < d; i++) g[i] = rng_normal(rng);
    double length = norm(g, d);
    for (int i = 0; i < d; i++) g[i] /= length;
    norms[0] = norm(g, d);
    for (int s = 1; s <= steps; s++) {
        const double *state = y + (size_t)(steps + 1 - s) * d;
        for (int j = 0; j < d; j++) back[j] = 0;
        for (int i = 0; i < d; i++) {
            double slope = linear ? 1 : 1 - state[i] * state[i];  // tanh' = 1 - tanh^2
            for (int j = 0; j < d; j++)
                back[j] += rho * w[(size_t)i * d + j] * slope * g[i];
        }
        for (int j = 0; j < d; j++) g[j] = back[j];
        norms[s] = norm(g, d);
    }
    free(w), free(g), free(back), free(y);
}

void attention_gradient_norms(double *norms, int T, int d, Rng *rng) {
    Mat q = mat_new(1, d), k = mat_new(T, d), v = mat_new(T, d), out = mat_new(1, d),
        weights = mat_new(1, T);
    Mat q_grad = mat_new(1, d), k_grad = mat_new(T, d), v_grad = mat_new(T, d),
        out_grad = mat_new(1, d);
    rng_fill_normal(rng, q, 1), rng_fill_normal(rng, k, 1), rng_fill_normal(rng, v, 1);
    *mat_at(out_grad, 0, 0) = 1;
    Mask causal = {.causal = true};  // one query, at the end of the keys
    attention(out, weights, q, k, v, attention_scale(d), (Mat){0}, &causal);
    attention_backward(q_grad, k_grad, v_grad, (Mat){0}, out_grad, weights, q, k, v,
                       attention_scale(d));
    for (int j = 0; j < T; j++) {
        double sum = 0;
        for (int c = 0; c < d; c++) sum += pow(*mat_at(v_grad, T - 1 - j, c), 2);
        norms[j] = sqrt(sum);
    }
    Mat all[] = {q, k, v, out, weights, q_grad, k_grad, v_grad, out_grad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
