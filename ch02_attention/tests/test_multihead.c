// Many heads: forward against the definition, backward against central differences
// (double build) for every mask and encoding at odd sizes, GQA against MHA, bits
// against threads.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ch02_attention/tests/reference.h"
#include "common/error.h"
#include "common/numeric/threads.h"

typedef struct {
    int batch, n_heads, n_kv_heads, T, S, d, mask;
    PositionKind position;
} Shape;

static const Shape shapes[] = {
    {1, 1, 1, 1, 1, 2, 0, POSITION_NONE},    {2, 3, 1, 1, 5, 2, 1, POSITION_NONE},
    {3, 6, 2, 5, 5, 4, 1, POSITION_NONE},    {1, 3, 3, 7, 7, 3, 2, POSITION_NONE},
    {2, 2, 1, 7, 4, 5, 0, POSITION_NONE},    {2, 4, 2, 3, 9, 2, 3, POSITION_NONE},
    {1, 1, 1, 1, 1, 2, 1, POSITION_ROPE},    {2, 6, 2, 7, 7, 4, 1, POSITION_ROPE},
    {2, 3, 3, 3, 9, 6, 1, POSITION_ROPE},    {2, 3, 1, 5, 5, 2, 4, POSITION_ROPE},
    {2, 4, 2, 7, 7, 4, 1, POSITION_XPOS},    {1, 2, 2, 3, 5, 2, 1, POSITION_XPOS},
    {2, 6, 2, 7, 7, 3, 1, POSITION_ALIBI},   {3, 3, 1, 4, 9, 2, 0, POSITION_ALIBI},
    {1, 1, 1, 1, 1, 2, 1, POSITION_ALIBI},   {2, 6, 2, 9, 9, 3, 1, POSITION_T5},
    {2, 3, 3, 5, 9, 2, 4, POSITION_T5},      {1, 1, 1, 1, 1, 2, 1, POSITION_T5},
    {2, 3, 1, 65, 65, 6, 1, POSITION_ROPE},  {1, 2, 2, 130, 130, 4, 3, POSITION_T5},
    {1, 2, 1, 61, 97, 4, 2, POSITION_ALIBI}, {2, 2, 2, 11, 11, 4, 5, POSITION_ROPE},
    {2, 2, 2, 11, 11, 4, 5, POSITION_ALIBI}, {2, 6, 2, 9, 9, 3, 1, POSITION_KERPLE},
    {3, 3, 1, 5, 9, 2, 0, POSITION_KERPLE},  {3, 2, 1, 9, 9, 3, 6, POSITION_NONE},
    {3, 4, 2, 7, 11, 3, 6, POSITION_KERPLE}, {3, 2, 2, 65, 130, 4, 6, POSITION_ROPE},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, BUCKETS = 8 };

// Everything a shape needs, filled at random.
typedef struct {
    Mat q, k, v, r, parameters;  // r: the gradient with respect to out
    int lengths[8], prefixes[8];
    unsigned char *allowed;
    Position position;
    Heads heads;
} Case;

static Case case_new(const Shape *s, Rng *rng) {
    Case c = {.q = random_mat(rng, s->batch * s->T, s->n_heads * s->d, 1),
              .k = random_mat(rng, s->batch * s->S, s->n_kv_heads * s->d, 1)};
    c.v = random_mat(rng, s->batch * s->S, s->n_kv_heads * s->d, 1),
    c.r = random_mat(rng, s->batch * s->T, s->n_heads * s->d, 1);
    c.allowed = allocate((size_t)s->batch * s->T * s->S, 1);
    for (int i = 0; i < s->batch * s->T * s->S; i++)
        c.allowed[i] = rng_below(rng, 3) > 0;
    PositionSpec spec = {
        .kind = s->position,
        .length = s->S,
        .heads = s->n_heads,
        .rope = {.dim = s->d, .base = 100, .pairing = s->position == POSITION_XPOS},
        .buckets = BUCKETS,
        .furthest = 20,
        .causal = s->mask == 1};
    PositionParameters p = position_parameters(&spec);
    if (s->position == POSITION_ALIBI) p.rows = 1, p.cols = s->n_heads;
    if (p.rows) c.parameters = random_mat(rng, p.rows, p.cols, 0.5);
    c.position = position_new(&spec, c.parameters);
    c.heads =
        (Heads){s->batch, s->n_heads, s->n_kv_heads, attention_scale(s->d), {0}, NULL};
    return c;
}

// Pointers into the case itself: once it is where it will stay.
static void case_wire(Case *c, const Shape *s) {
    for (int b = 0; b < s->batch; b++)
        // the second sequence is empty, and its prefix everything
        c->lengths[b] = b == 1 ? 0 : s->S - b % s->S,
        c->prefixes[b] = b == 1 ? s->S : b + 2;
    switch (s->mask) {
        case 1: c->heads.mask = (Mask){.causal = true}; break;
        case 2: c->heads.mask = (Mask){.causal = true, .window = 3}; break;
        case 3: c->heads.mask = (Mask){.window = 4}; break;
        case 4: c->heads.mask = (Mask){.key_lengths = c->lengths}; break;
        case 5:
            c->heads.mask = (Mask){.causal = true,
                                   .allowed = c->allowed,
                                   .allowed_step = (size_t)s->T * s->S};
            break;
        case 6: c->heads.mask = (Mask){.prefixes = c->prefixes}; break;
        default: break;
    }
    c->heads.position = s->position == POSITION_NONE ? NULL : &c->position;
}

static void case_free(Case *c) {
    position_free(&c->position), free(c->allowed);
    mat_free(c->q), mat_free(c->k), mat_free(c->v), mat_free(c->r),
        mat_free(c->parameters);
}

Test(multihead, forward_is_the_definition) {
    Rng rng = rng_new(1);
    for (int n = 0; n < SHAPES; n++) {
        const Shape *s = &shapes[n];
        Case c = case_new(s, &rng);
        case_wire(&c, s);
        Mat out = mat_new(c.q.rows, c.q.cols), alone = mat_new(c.q.rows, c.q.cols),
            want = mat_new(c.q.rows, c.q.cols);
        Mat weights = mat_new(s->batch * s->n_heads * s->T, s->S),
            want_weights = mat_new(weights.rows, weights.cols);
        mat_fill(out, NAN), mat_fill(alone, NAN);
        attend_heads(out, weights, c.q, c.k, c.v, &c.heads);
        attend_heads(alone, (Mat){0}, c.q, c.k, c.v, &c.heads);
        reference_heads(want, want_weights, c.q, c.k, c.v, &c.heads);
        // test_attention.c; and biases up to 30
        double off = REAL_EPS * ((s->d + 8) * 16.0 * s->d + s->S + 60);
        cr_assert(mat_difference(weights, want_weights) <= off,
                  "shape %d: weights off by %g", n,
                  mat_difference(weights, want_weights));
        cr_assert(mat_difference(out, want) <= 2 * off * mat_largest(c.v),
                  "shape %d: out off by %g", n, mat_difference(out, want));
        cr_assert(
            memcmp(out.at, alone.at, (size_t)out.rows * out.cols * sizeof(real)) == 0,
            "shape %d", n);
        Mat all[] = {out, alone, want, weights, want_weights};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
        case_free(&c);
    }
}

#ifdef REAL_IS_DOUBLE

static double loss_of_core(void *context) {
    Case *c = context;
    Mat out = mat_new(c->q.rows, c->q.cols);
    attend_heads(out, (Mat){0}, c->q, c->k, c->v, &c->heads);
    double l = inner_product(out, c->r);
    mat_free(out);
    return l;
}

// |grad - central difference| at some elements of x.
static double gradient_error(double (*loss)(void *), void *context, Mat x, Mat grad,
                             Rng *rng) {
    const double h = 1e-5;
    double worst = 0;
    int probes = x.rows * x.cols < 20 ? x.rows * x.cols : 20;
    for (int probe = 0; probe < probes; probe++) {
        int at = probes < 20 ? probe : rng_below(rng, x.rows * x.cols), i = at / x.cols,
            j = at % x.cols;
        real *number = mat_at(x, i, j), was = *number;
        *number = was + h;
        double up = loss(context);
        *number = was - h;
        double slope = (up - loss(context)) / (2 * h);
        *number = was;
        worst = fmax(worst, fabs(slope - *mat_at(grad, i, j)));
    }
    return worst;
}

Test(multihead, backward_is_the_derivative) {
    Rng rng = rng_new(2);
    for (int n = 0; n < SHAPES; n++) {
        const Shape *s = &shapes[n];
        Case c = case_new(s, &rng);
        case_wire(&c, s);
        Mat out = mat_new(c.q.rows, c.q.cols),
            weights = mat_new(s->batch * s->n_heads * s->T, s->S);
        Mat xs[] = {c.q, c.k, c.v, c.parameters}, grads[4];
        attend_heads(out, weights, c.q, c.k, c.v, &c.heads);
        for (int g = 0; g < 4; g++)
            grads[g] = xs[g].at ? mat_new(xs[g].rows, xs[g].cols) : xs[g];
        for (int twice = 0; twice < 2; twice++)  // gradients are added
            attend_heads_backward(grads[0], grads[1], grads[2], grads[3], c.r, weights,
                                  c.q, c.k, c.v, &c.heads);
        for (int g = 0; g < 4 && xs[g].at; g++) {
            for (int i = 0; i < grads[g].rows * grads[g].cols; i++) grads[g].at[i] /= 2;
            double size = 1 + mat_largest(grads[g]),
                   off = gradient_error(loss_of_core, &c, xs[g], grads[g], &rng);
            cr_assert(off <= 1e-7 * size, "shape %d, gradient %d: off by %g of %g", n,
                      g, off, size);
            mat_free(grads[g]);
        }
        mat_free(out), mat_free(weights), case_free(&c);
    }
}

typedef struct {
    Mat x, context, r;
    Projections w;
    Heads heads;
    bool self;
} Layer;

static double loss_of_layer(void *context) {
    Layer *l = context;
    Mat source = l->self ? l->x : l->context, out = mat_new(l->x.rows, l->x.cols);
    MultiheadSaved saved =
        multihead_saved_new(l->x.rows, source.rows, &l->w, &l->heads);
    multihead(out, &saved, l->x, source, &l->w, &l->heads);
    double value = inner_product(out, l->r);
    multihead_saved_free(&saved), mat_free(out);
    return value;
}

static void check_layer(bool self, int n_kv_heads, Rng *rng) {
    enum { BATCH = 2, N_HEADS = 6, D = 4, T = 5, C = 7, C_CONTEXT = 9 };
    int S = self ? T : 8, columns = self ? C : C_CONTEXT;
    Position rope = position_new_rope((Rope){.dim = D, .base = 50}, S);
    Layer l = {
        random_mat(rng, BATCH * T, C, 1),
        random_mat(rng, BATCH * S, columns, 1),
        random_mat(rng, BATCH * T, C, 1),
        projections_new(C, columns, N_HEADS, n_kv_heads, D),
        {BATCH, N_HEADS, n_kv_heads, attention_scale(D), {.causal = self}, &rope},
        self};
    Projections w_grad = projections_new(C, columns, N_HEADS, n_kv_heads, D);
    Mat ws[] = {l.w.q, l.w.k, l.w.v, l.w.o};
    for (int i = 0; i < 4; i++) rng_fill_normal(rng, ws[i], 0.5);
    Mat out = mat_new(BATCH * T, C), x_grad = mat_new(BATCH * T, C),
        context_grad = mat_new(BATCH * S, columns), source = self ? l.x : l.context;
    MultiheadSaved saved = multihead_saved_new(l.x.rows, source.rows, &l.w, &l.heads);
    multihead(out, &saved, l.x, source, &l.w, &l.heads);
    multihead_backward(x_grad, self ? x_grad : context_grad, &w_grad, (Mat){0}, l.r,
                       &saved, l.x, source, &l.w, &l.heads);
    Mat xs[] = {l.x, l.w.q, l.w.k, l.w.v, l.w.o, l.context},
        grads[] = {x_grad, w_grad.q, w_grad.k, w_grad.v, w_grad.o, context_grad};
    for (int g = 0; g < 6; g++) {
        double size = 1 + mat_largest(grads[g]),
               off = gradient_error(loss_of_layer, &l, xs[g], grads[g], rng);
        cr_assert(off <= 1e-7 * size, "gradient %d off by %g of %g", g, off, size);
    }
    multihead_saved_free(&saved), projections_free(&l.w), projections_free(&w_grad),
        position_free(&rope);
    Mat all[] = {l.x, l.context, l.r, out, x_grad, context_grad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

Test(multihead, backward_of_the_layer_is_the_derivative) {
    Rng rng = rng_new(3);
    for (int self = 0; self < 2; self++)
        for (int kv = 1; kv <= 6; kv += kv == 2 ? 4 : 1) check_layer(self, kv, &rng);
}

#endif

// ---- GQA, conversion

Test(multihead, gqa_is_mha_with_repeated_heads) {
    enum { B = 2, T = 9, H = 6, D = 5 };
    Rng rng = rng_new(4);
    for (int kv = 1; kv <= H; kv++) {
        if (H % kv) continue;
        Mat q = random_mat(&rng, B * T, H * D, 1),
            k = random_mat(&rng, B * T, kv * D, 1),
            v = random_mat(&rng, B * T, kv * D, 1);
        Mat k_all = mat_new(B * T, H * D), v_all = mat_new(B * T, H * D),
            gqa = mat_new(B * T, H * D), mha = mat_new(B * T, H * D);
        Heads heads = {.batch = B,
                       .n_heads = H,
                       .n_kv_heads = kv,
                       .scale = attention_scale(D),
                       .mask = {.causal = true}};
        kv_heads_repeat(k_all, H, k, kv), kv_heads_repeat(v_all, H, v, kv);
        attend_heads(gqa, (Mat){0}, q, k, v, &heads);
        heads.n_kv_heads = H;
        attend_heads(mha, (Mat){0}, q, k_all, v_all, &heads);
        // the same numbers in the same order
        cr_assert_eq(mat_difference(gqa, mha), 0, "%d kv heads", kv);
        kv_heads_average(k, kv, k_all, H);
        kv_heads_repeat(v_all, H, k, kv);
        cr_assert(mat_difference(k_all, v_all) <= H * REAL_EPS * mat_largest(k_all),
                  "mean of equal heads");
        // The mutation: neighbours that do not share a group (head % kv, not head /
        // group) must be seen.
        if (kv > 1 && kv < H) {
            for (int head = 0; head < H; head++)
                mat_copy(mat_cols(k_all, head * D, D), mat_cols(k, head % kv * D, D));
            attend_heads(mha, (Mat){0}, q, k_all, v_all, &heads);
            cr_assert(mat_difference(gqa, mha) > 1e-2);
        }
        Mat all[] = {q, k, v, k_all, v_all, gqa, mha};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    }
}

Test(multihead, projecting_by_the_mean_is_the_mean_of_projections) {
    enum { C = 11, D = 3, MANY = 6, FEW = 2 };
    Rng rng = rng_new(5);
    Mat x = random_mat(&rng, 8, C, 1), w = random_mat(&rng, C, MANY * D, 1),
        mean = mat_new(C, FEW * D);
    Mat all = mat_new(8, MANY * D), few = mat_new(8, FEW * D),
        want = mat_new(8, FEW * D);
    kv_heads_average(mean, FEW, w, MANY);
    matmul(all, x, w), matmul(few, x, mean);
    kv_heads_average(want, FEW, all, MANY);
    cr_assert(mat_difference(few, want)
              <= (C + 4) * REAL_EPS * C * mat_largest(x) * mat_largest(w));
    for (int c = 0; c < D; c++) {
        double sum = 0;
        for (int g = 0; g < 3; g++) sum += *mat_at(w, 4, (3 + g) * D + c);
        cr_assert_float_eq(*mat_at(mean, 4, D + c), sum / 3,
                           8 * REAL_EPS * mat_largest(w));
    }
    mat_free(x), mat_free(w), mat_free(mean), mat_free(all), mat_free(few),
        mat_free(want);
}

// ---- threads

// What a run leaves: out, weights, four gradients. Freed by made_free.
typedef struct {
    Mat all[6];
} Made;

// Sequence b alone, or all of them (b < 0); position_grad begins as it is given.
static Made make(Case *c, int b, Mat position_grad) {
    Heads h = c->heads;
    int sequences = b < 0 ? h.batch : 1, T = c->q.rows / h.batch,
        S = c->k.rows / h.batch;
    if (b >= 0) h.batch = 1, h.mask = mask_of_sequence(&h.mask, b);
    int first = b < 0 ? 0 : b;
    Mat q = mat_rows(c->q, first * T, sequences * T),
        k = mat_rows(c->k, first * S, sequences * S),
        v = mat_rows(c->v, first * S, sequences * S),
        r = mat_rows(c->r, first * T, sequences * T);
    Made m = {{mat_new(q.rows, q.cols), mat_new(q.rows * h.n_heads, S),
               mat_new(q.rows, q.cols), mat_new(k.rows, k.cols),
               mat_new(k.rows, k.cols),
               mat_new(position_grad.rows, position_grad.cols)}};
    mat_copy(m.all[5], position_grad);
    attend_heads(m.all[0], m.all[1], q, k, v, &h);
    attend_heads_backward(m.all[2], m.all[3], m.all[4], m.all[5], r, m.all[1], q, k, v,
                          &h);
    return m;
}

static void made_free(Made *m) {
    for (int i = 0; i < 6; i++) mat_free(m->all[i]);
}

static const Shape large[] = {{3, 6, 2, 70, 70, 16, 1, POSITION_T5},
                              {4, 4, 4, 70, 70, 16, 6, POSITION_KERPLE},
                              {4, 6, 1, 61, 80, 16, 4, POSITION_ALIBI}};
enum { LARGE = sizeof large / sizeof *large };

// The gradient of a batch's position is one sum in one order, whoever computes it: what
// was there, then sequence 0's gradient, then sequence 1's ...
Test(multihead, sequences_add_to_the_position_in_order) {
    Rng rng = rng_new(7);
    for (int n = 0; n < LARGE; n++) {
        Case c = case_new(&large[n], &rng);
        case_wire(&c, &large[n]);
        int rows = c.parameters.rows, cols = c.parameters.cols;
        Mat sum = random_mat(&rng, rows, cols, 1), before = mat_new(rows, cols),
            zeros = mat_new(rows, cols);
        mat_copy(before, sum);
        for (int b = 0; b < large[n].batch; b++) {
            Made one = make(&c, b, zeros);
            mat_add_scaled(sum, 1, one.all[5]);
            made_free(&one);
        }
        for (int repeat = 0; repeat < 4; repeat++) {
            Made all = make(&c, -1, before);
            cr_assert(
                memcmp(all.all[5].at, sum.at, (size_t)rows * cols * sizeof(real)) == 0,
                "%s", position_name(large[n].position));
            made_free(&all);
        }
        mat_free(sum), mat_free(before), mat_free(zeros), case_free(&c);
    }
}

Test(multihead, same_bits_for_any_number_of_threads) {
    Rng rng = rng_new(6);
    for (int n = 0; n < LARGE; n++) {
        Case c = case_new(&large[n], &rng);
        case_wire(&c, &large[n]);
        Mat zeros = mat_new(c.parameters.rows, c.parameters.cols);
        threads_set(1);
        Made first = make(&c, -1, zeros);
        for (int threads = 1; threads <= 5; threads++) {
            threads_set(threads);
            Made now = make(&c, -1, zeros);
            for (int i = 0; i < 6; i++)
                cr_assert(
                    memcmp(first.all[i].at, now.all[i].at,
                           (size_t)now.all[i].rows * now.all[i].cols * sizeof(real))
                        == 0,
                    "%d threads, shape %d, %d", threads, n, i);
            made_free(&now);
        }
        made_free(&first), mat_free(zeros), case_free(&c);
    }
}
