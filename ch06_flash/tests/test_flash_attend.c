// A model with attention in tiles is the same model: its loss and its gradients.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/published.h"
#include "ch06_flash/flash_attend.h"
#include "ch06_flash/flash_heads.h"
#include "ch06_flash/tests/reference.h"
#include "common/numeric/threads.h"

enum { BATCH = 3, TIME = 41, VOCABULARY = 17 };
static const int lengths[BATCH] = {TIME, 20, 1};

// The loss; gradients are in the model.
static double step(Model *m, AttendFunction *how, const int *ids, const int *targets) {
    for (size_t i = 0; i < m->params.grad_size; i++) m->params.grads[i] = 0;
    model_set_attend(m, how);
    Tape *t = tape_new(&m->params);
    Tokens in = {.batch = BATCH, .time = TIME, .tokens = ids, .lengths = lengths};
    bool both = m->config.family == FAMILY_ENCODER_DECODER;
    Node *memory = both ? model_encode(t, m, &in) : NULL,
         *hidden =
             both ? model_decode(t, m, &in, memory, &in) : model_hidden(t, m, &in),
         *loss = cross_entropy(t, model_logits(t, m, hidden), targets);
    tape_backward(t, loss);
    double value = (double)loss->value.at[0];
    tape_free(t);
    return value;
}

static void same_steps(Model *m, const int *ids) {
    int targets[BATCH * TIME];
    for (int i = 0; i < BATCH * TIME; i++) {
        bool there = i % TIME < lengths[i / TIME];
        targets[i] = there ? ids[i / TIME * TIME + (i + 1) % TIME] : IGNORED;
    }
    size_t n = m->params.grad_size;
    double plain = step(m, attend, ids, targets), most = 0, off = 0;
    Mat grads = mat_new(1, (int)n);
    for (size_t i = 0; i < n; i++) grads.at[i] = m->params.grads[i];
    double tiled = step(m, flash_attend, ids, targets);
    for (size_t i = 0; i < n; i++) {
        most = nan_max(most, fabs((double)grads.at[i]));
        off = nan_max(off, fabs((double)(grads.at[i] - m->params.grads[i])));
    }
    // some hundred operations of a few hundred terms each
    cr_assert(fabs(plain - tiled) <= 1000 * REAL_EPS * plain, "%s: loss %.9g, not %.9g",
              m->config.name, tiled, plain);
    cr_assert(off <= 4000 * REAL_EPS * most, "%s: a gradient off by %g of %g",
              m->config.name, off, most);
    mat_free(grads);
}

static void same_model(Config c) {
    Error err;
    Model m;
    Rng rng = rng_new(1);
    int ids[BATCH * TIME];
    c.dropout = 0;
    cr_assert(model_new(&m, &c, &err), "%s", err.text);
    model_allocate(&m, &rng);
    params_allocate_grads(&m.params);
    for (int i = 0; i < BATCH * TIME; i++) ids[i] = i * 7 % VOCABULARY;
    same_steps(&m, ids);
    model_free(&m);
}

Test(flash_attend, a_model_is_the_same) {
    same_model(config_small_gpt(VOCABULARY, TIME, 24, 2, 4));
    same_model(config_small_llama(VOCABULARY, TIME, 24, 2, 4, 2));
    Config t5 = *config_find("t5-small");
    t5.vocabulary = VOCABULARY, t5.channels = 16, t5.heads = 2, t5.layers = 1;
    t5.kv_heads = 0, t5.head_dim = 8, t5.hidden = 32, t5.decoder_layers = 1;
    same_model(t5);
}

// ---- what a trained model's heads look at is not random: sinks, copies, sharp rows

// The largest |score| there can be.
static double score_bound(Mat q, Mat k, const Heads *h) {
    double longest[2] = {0, 0};
    const Mat sides[] = {q, k};
    for (int side = 0; side < 2; side++) {
        int heads = side ? h->n_kv_heads : h->n_heads, d = sides[side].cols / heads;
        for (int row = 0; row < sides[side].rows * heads; row++) {
            double sum = 0;
            for (int c = 0; c < d; c++) {
                real x = *mat_at(sides[side], row / heads, row % heads * d + c);
                sum += (double)x * (double)x;
            }
            longest[side] = fmax(longest[side], sqrt(sum));
        }
    }
    return h->scale * longest[0] * longest[1];
}

enum { PASS = 5, RUNS = 20 };  // O, L, dQ, dK, dV

static void pass_new(Mat pass[PASS], Mat q, Mat k, Mat v, const Heads *h) {
    pass[0] = mat_new(q.rows, v.cols / h->n_kv_heads * h->n_heads);
    pass[1] = mat_new(q.rows * h->n_heads, 1);
    pass[2] = mat_new(q.rows, q.cols), pass[3] = mat_new(k.rows, k.cols);
    pass[4] = mat_new(v.rows, v.cols);
}

static void tiled_pass(Mat pass[PASS], Mat out_grad, Mat q, Mat k, Mat v,
                       const Heads *h) {
    for (int i = 2; i < PASS; i++) mat_fill(pass[i], 0);
    flash_heads(pass[0], pass[1], q, k, v, h, NULL);
    flash_heads_backward((FlashHeadsGrads){pass[2], pass[3], pass[4], {0}},
                         (FlashHeadsOut){pass[0], pass[1], out_grad, {0}}, q, k, v, h,
                         NULL);
}

static int layers_seen;

// One layer's heads: chapter 2's numbers, and twenty times the same bits.
static void same_heads(Mat q, Mat k, Mat v, const Heads *h) {
    Mat plain[PASS], tiled[PASS], again[PASS];
    pass_new(plain, q, k, v, h), pass_new(tiled, q, k, v, h);
    pass_new(again, q, k, v, h);
    int S = k.rows / h->batch, T = q.rows / h->batch, d = q.cols / h->n_heads;
    Mat weights = mat_new(q.rows * h->n_heads, S);
    Rng rng = rng_new(3);
    Mat out_grad = random_mat(&rng, plain[0].rows, plain[0].cols, 1);
    attend_heads(plain[0], weights, q, k, v, h);
    attend_heads_backward(plain[2], plain[3], plain[4], (Mat){0}, out_grad, weights, q,
                          k, v, h);
    tiled_pass(tiled, out_grad, q, k, v, h);
    // a score has d roundings of its size; sums of S and of T terms; as in flash_heads
    double off = 4 * REAL_EPS * (score_bound(q, k, h) * (d + 8) + 4 * (S + T));
    for (int i = 0; i < PASS; i++)
        if (i != 1)
            cr_assert(
                mat_difference(tiled[i], plain[i]) <= off * (1 + mat_largest(plain[i])),
                "layer %d, %d: off by %g", layers_seen, i,
                mat_difference(tiled[i], plain[i]));
    for (int run = 1; run < RUNS; run++) {
        threads_set(1 + run % 4);
        tiled_pass(again, out_grad, q, k, v, h);
        for (int i = 0; i < PASS; i++)
            cr_assert(memcmp(again[i].at, tiled[i].at,
                             (size_t)again[i].rows * again[i].cols * sizeof(real))
                          == 0,
                      "layer %d: other bits in run %d", layers_seen, run);
    }
    threads_set(1);
    for (int i = 0; i < PASS; i++)
        mat_free(plain[i]), mat_free(tiled[i]), mat_free(again[i]);
    mat_free(weights), mat_free(out_grad);
    layers_seen++;
}

static Node *checked_attend(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
                            const Heads *heads) {
    same_heads(q->value, k->value, v->value, heads);
    return attend(t, q, k, v, position_param, heads);
}

// A model's own greedy text, from three first tokens.
static void write_greedily(Model *m, int *ids) {
    for (int b = 0; b < BATCH; b++) ids[b * TIME] = 300 + b;
    for (int i = 1; i < TIME; i++) {
        Tape *t = tape_new(&m->params);
        Tokens in = {.batch = BATCH, .time = TIME, .tokens = ids};
        Mat logits = model_logits(t, m, model_hidden(t, m, &in))->value;
        for (int b = 0; b < BATCH; b++) {
            int best = 0;
            for (int v = 1; v < logits.cols; v++)
                if (*mat_at(logits, b * TIME + i - 1, v)
                    > *mat_at(logits, b * TIME + i - 1, best))
                    best = v;
            ids[b * TIME + i] = best;
        }
        tape_free(t);
    }
}

Test(flash_attend, a_trained_model_is_the_same) {
    Model m;
    Error err;
    int ids[BATCH * TIME] = {0}, targets[BATCH * TIME];
    cr_assert(model_load("ch03_transformer/stories.ckpt", &m, &err), "%s", err.text);
    params_allocate_grads(&m.params);
    write_greedily(&m, ids);
    same_steps(&m, ids);
    for (int i = 0; i < BATCH * TIME; i++) targets[i] = ids[i];
    layers_seen = 0;
    step(&m, checked_attend, ids, targets);
    cr_assert(layers_seen == m.config.layers && layers_seen > 1);
    model_free(&m);
}
