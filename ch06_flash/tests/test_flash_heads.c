// Many heads without tables, against chapter 2's attend_heads, which has tests of its
// own.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/flash_heads.h"
#include "ch06_flash/tests/reference.h"
#include "common/numeric/threads.h"

typedef struct {
    int batch, n_heads, n_kv_heads, T, S, d, mask;
    PositionKind position;
} Shape;

static const Shape shapes[] = {
    {1, 1, 1, 1, 1, 2, 0, POSITION_NONE},
    {2, 6, 2, 5, 5, 4, 1, POSITION_ROPE},
    {3, 4, 4, 40, 40, 6, 1, POSITION_ALIBI},
    {2, 4, 1, 7, 40, 8, 1, POSITION_XPOS},
    {2, 3, 1, 101, 33, 5, 2, POSITION_NONE},
    {3, 2, 2, 65, 65, 40, 2, POSITION_T5},
    {1, 2, 1, 130, 250, 16, 3, POSITION_ROPE},
    {2, 4, 2, 64, 64, 32, 3, POSITION_KERPLE},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, BUCKETS = 8 };

typedef struct {
    Mat q, k, v, parameters, out, lse, out_grad, q_grad, k_grad, v_grad, position_grad;
    Position position;
    int lengths[3];
    Heads heads;
} Case;

static Case case_new(const Shape *s, Rng *rng) {
    int rows = s->batch * s->T, keys = s->batch * s->S, wide = s->n_heads * s->d,
        narrow = s->n_kv_heads * s->d;
    Case c = {.q = random_mat(rng, rows, wide, 1),
              .k = random_mat(rng, keys, narrow, 1),
              .v = random_mat(rng, keys, narrow, 1),
              .out = mat_new(rows, wide),
              .lse = mat_new(rows * s->n_heads, 1),
              .out_grad = random_mat(rng, rows, wide, 1),
              .q_grad = mat_new(rows, wide),
              .k_grad = mat_new(keys, narrow),
              .v_grad = mat_new(keys, narrow),
              .lengths = {s->S, s->S / 2, 1}};
    PositionSpec spec = {.kind = s->position,
                         .length = s->S > s->T ? s->S : s->T,
                         .heads = s->n_heads,
                         .rope = {.dim = s->d, .base = 100},
                         .buckets = BUCKETS,
                         .furthest = 20,
                         .causal = true};
    PositionParameters p = position_parameters(&spec);
    if (p.rows) c.parameters = random_mat(rng, p.rows, p.cols, 0.2);
    for (int i = 0; i < p.rows * p.cols; i++)
        c.parameters.at[i] = (real)fabs(c.parameters.at[i]) + (real)0.1;
    if (p.rows) c.position_grad = mat_new(p.rows, p.cols);
    c.position = position_new(&spec, c.parameters);
    c.heads = (Heads){.batch = s->batch,
                      .n_heads = s->n_heads,
                      .n_kv_heads = s->n_kv_heads,
                      .scale = attention_scale(s->d)};
    if (s->mask == 1) c.heads.mask.causal = true;
    if (s->mask == 3) c.heads.mask = (Mask){.causal = true, .window = 20};
    return c;
}

// Pointers into the case, once it is where it stays.
static void case_set(Case *c, const Shape *s) {
    c->heads.position = &c->position;
    if (s->mask == 2) c->heads.mask.key_lengths = c->lengths;
}

static void case_free(Case *c) {
    Mat all[] = {
        c->q,        c->k,      c->v,      c->parameters, c->out,          c->lse,
        c->out_grad, c->q_grad, c->k_grad, c->v_grad,     c->position_grad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    position_free(&c->position);
}

static void run(Case *c, const FlashOptions *options) {
    Mat grads[] = {c->q_grad, c->k_grad, c->v_grad, c->position_grad};
    for (int i = 0; i < 4; i++) mat_fill(grads[i], 0);
    flash_heads(c->out, c->lse, c->q, c->k, c->v, &c->heads, options);
    flash_heads_backward(
        (FlashHeadsGrads){c->q_grad, c->k_grad, c->v_grad, c->position_grad},
        (FlashHeadsOut){c->out, c->lse, c->out_grad, {0}}, c->q, c->k, c->v, &c->heads,
        options);
}

static void near(Mat got, Mat want, double off, const char *what, int shape) {
    double size = 1 + mat_largest(want);
    cr_assert(mat_difference(got, want) <= off * size, "shape %d: %s off by %g of %g",
              shape, what, mat_difference(got, want), off * size);
}

Test(flash_heads, is_chapter_2s) {
    Rng rng = rng_new(1);
    for (int n = 0; n < SHAPES; n++) {
        const Shape *s = &shapes[n];
        Case c = case_new(s, &rng);
        case_set(&c, s);
        run(&c, NULL);
        Mat out = mat_new(c.out.rows, c.out.cols),
            weights = mat_new(c.out.rows * s->n_heads, s->S),
            q = mat_new(c.q.rows, c.q.cols), k = mat_new(c.k.rows, c.k.cols),
            v = mat_new(c.v.rows, c.v.cols),
            position = c.position_grad.at
                           ? mat_new(c.position_grad.rows, c.position_grad.cols)
                           : (Mat){0};
        attend_heads(out, weights, c.q, c.k, c.v, &c.heads);
        attend_heads_backward(q, k, v, position, c.out_grad, weights, c.q, c.k, c.v,
                              &c.heads);
        // scores of up to 10 with d roundings each; sums of S, T and group terms
        double off = REAL_EPS * (10 * (s->d + 8) + 4 * (s->S + s->T)) * 4;
        near(c.out, out, off, "O", n), near(c.q_grad, q, off, "dQ", n);
        near(c.k_grad, k, off, "dK", n), near(c.v_grad, v, off, "dV", n);
        if (position.at) near(c.position_grad, position, off * 8, "d position", n);
        Mat all[] = {out, weights, q, k, v, position};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
        case_free(&c);
    }
}

// Copies of one key head, g times: its gradient is g times that of one copy.
Test(flash_heads, a_groups_gradients_are_added) {
    Rng rng = rng_new(2);
    Shape mha = {2, 4, 4, 9, 9, 4, 1, POSITION_NONE}, mqa = mha;
    mqa.n_kv_heads = 1;
    Case one = case_new(&mqa, &rng), many = case_new(&mha, &rng);
    case_set(&one, &mqa), case_set(&many, &mha);
    mat_copy(many.q, one.q), mat_copy(many.out_grad, one.out_grad);
    for (int h = 0; h < 4; h++)
        mat_copy(mat_cols(many.k, 4 * h, 4), one.k),
            mat_copy(mat_cols(many.v, 4 * h, 4), one.v);
    run(&one, NULL), run(&many, NULL);
    Mat sum = mat_new(one.k.rows, 4);
    for (int h = 0; h < 4; h++) mat_add_scaled(sum, 1, mat_cols(many.k_grad, 4 * h, 4));
    near(sum, one.k_grad, 64 * REAL_EPS, "dK", 0);
    mat_fill(sum, 0);
    for (int h = 0; h < 4; h++) mat_add_scaled(sum, 1, mat_cols(many.v_grad, 4 * h, 4));
    near(sum, one.v_grad, 64 * REAL_EPS, "dV", 0);
    near(many.out, one.out, 0, "O", 0);
    mat_free(sum), case_free(&one), case_free(&many);
}

// The bits of everything, for 1, 2, 3 and 4 threads and many runs, with dropout.
Test(flash_heads, bits_do_not_depend_on_threads) {
    Rng rng = rng_new(3);
    Shape s = {2, 4, 2, 180, 200, 24, 1, POSITION_ALIBI};
    Case c = case_new(&s, &rng);
    case_set(&c, &s);
    FlashOptions options = {.softcap = 20, .dropout = 0.1, .seed = 5};
    Mat results[] = {c.out, c.lse, c.q_grad, c.k_grad, c.v_grad, c.position_grad};
    Mat first[6];
    int before = threads_set(1);
    for (int time = 0; time < 20; time++) {
        threads_set(1 + time % 4);
        run(&c, &options);
        for (int i = 0; i < 6; i++) {
            size_t bytes =
                sizeof(real) * (size_t)results[i].rows * (size_t)results[i].cols;
            if (time == 0) {
                first[i] = mat_new(results[i].rows, results[i].cols);
                mat_copy(first[i], results[i]);
            }
            cr_assert(!bytes || memcmp(first[i].at, results[i].at, bytes) == 0,
                      "result %d, run %d", i, time);
        }
    }
    threads_set(before);
    for (int i = 0; i < 6; i++) mat_free(first[i]);
    case_free(&c);
}

// A window as long as the text, and a plain causal mask: the same bits.
Test(flash_heads, a_window_of_everything_is_causal) {
    Rng rng = rng_new(4);
    Shape s = {1, 2, 2, 150, 150, 8, 1, POSITION_NONE};
    Case c = case_new(&s, &rng);
    case_set(&c, &s);
    Mat causal = mat_new(c.out.rows, c.out.cols);
    flash_heads(causal, c.lse, c.q, c.k, c.v, &c.heads, NULL);
    c.heads.mask.window = 150;
    flash_heads(c.out, c.lse, c.q, c.k, c.v, &c.heads, NULL);
    cr_assert_eq(mat_difference(causal, c.out), 0);
    c.heads.mask.window = 1;
    flash_heads(c.out, c.lse, c.q, c.k, c.v, &c.heads, NULL);
    near(c.out, c.v, 2 * REAL_EPS, "a window of one is V", 0);
    mat_free(causal), case_free(&c);
}

// Packed documents are the documents one by one.
Test(flash_heads, packed_documents) {
    enum { N = 130, CUT = 57, D = 8 };
    Rng rng = rng_new(5);
    Shape s = {1, 2, 1, N, N, D, 1, POSITION_NONE};
    Case c = case_new(&s, &rng);
    case_set(&c, &s);
    int firsts[N];
    for (int j = 0; j < N; j++) firsts[j] = j < CUT ? 0 : CUT;
    c.heads.mask.firsts = firsts;
    flash_heads(c.out, c.lse, c.q, c.k, c.v, &c.heads, NULL);
    c.heads.mask.firsts = NULL;
    const int cuts[] = {0, CUT, N};
    for (int i = 0; i < 2; i++) {
        int first = cuts[i], count = cuts[i + 1] - first;
        Mat out = mat_new(count, 2 * D), lse = mat_new(2 * count, 1);
        flash_heads(out, lse, mat_rows(c.q, first, count), mat_rows(c.k, first, count),
                    mat_rows(c.v, first, count), &c.heads, NULL);
        near(mat_rows(c.out, first, count), out, 400 * REAL_EPS, "a document", i);
        mat_free(out), mat_free(lse);
    }
    case_free(&c);
}

// More keys than fit in the caches together: heads are packed in several rounds. Each is,
// bit for bit, what it is by itself, for any number of threads.
Test(flash_heads, rounds_of_packed_heads) {
    enum { T = 150, S = 4096, D = 16, H = 6, KV = 3, BATCH = 2 };
    Rng rng = rng_new(11);
    Mat q = random_mat(&rng, BATCH * T, H * D, 1),
        k = random_mat(&rng, BATCH * S, KV * D, 1),
        v = random_mat(&rng, BATCH * S, KV * D, 1), out = mat_new(BATCH * T, H * D),
        lse = mat_new(BATCH * H * T, 1), one = mat_new(T, D), l = mat_new(T, 1);
    Heads heads = {BATCH, H, KV, (real)0.25, {.causal = true}, NULL};
    int before = threads_set(1);
    for (int t = 1; t <= 3; t++) {
        threads_set(t);
        mat_fill(out, NAN), mat_fill(lse, NAN);
        flash_heads(out, lse, q, k, v, &heads, NULL);
        for (int i = 0; i < BATCH * H; i++) {
            int b = i / H, head = i % H, kv = head / (H / KV);
            FlashHead h = {.q = heads_view(q, b, head, BATCH, H),
                           .k = heads_view(k, b, kv, BATCH, KV),
                           .v = heads_view(v, b, kv, BATCH, KV),
                           .scale = (real)0.25,
                           .mask = heads.mask};
            flash_fast_head(one, l, &h);
            cr_assert(mat_difference(one, heads_view(out, b, head, BATCH, H)) == 0,
                      "%d threads, head %d of sequence %d", t, head, b);
            cr_assert(mat_difference(l, mat_rows(lse, i * T, T)) == 0);
        }
    }
    threads_set(before);
    Mat all[] = {q, k, v, out, lse, one, l};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
