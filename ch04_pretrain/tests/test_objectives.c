// Objectives: their losses against brute force, their gradients against differences,
// and what a packed document sees of others.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/smoothing.h"
#include "ch04_pretrain/tests/tiny.h"

enum { V = 12, END = V - 1, TIME = 12 };

static ObjectiveSettings settings(ObjectiveKind kind) {
    return (ObjectiveSettings){.kind = kind, .rng = rng_new(5)};
}

// ---- shift by one

// Logits that know the next token lose nothing; logits that repeat the token they read
// lose 30 wherever the two differ.
Test(clm, shift_by_one) {
    Corpus c = tiny_corpus(V, 9, 8, 1);
    Data d = data_of_corpus(&c, V, TIME, 3);
    ObjectiveSettings s = settings(OBJECTIVE_CLM);
    Batch b = objective_batch_new(&s, 1, TIME);
    int row[TIME + 1];
    objective_fill(&b, &s, &d, 1), data_row(&d, 1, row);
    for (int own = 0; own < 2; own++) {
        Tape *t = tape_new(NULL);
        Mat logits = tape_mat(t, TIME, V);
        mat_fill(logits, 0);
        double expected = 0;
        for (int i = 0; i < TIME; i++) {
            *mat_at(logits, i, row[i + !own]) = 30;
            expected += own && row[i] != row[i + 1] ? 30.0 / TIME : 0;
        }
        Node *loss = cross_entropy(t, constant_node(t, logits), b.targets);
        cr_assert_float_eq((double)*loss->value.at, expected,
                           1e-9 + expected * (sizeof(real) == 8 ? 1e-9 : 1e-6));
        tape_free(t);
    }
    batch_free(&b), data_free(&d), corpus_free(&c);
}

// ---- every objective

typedef struct {
    Corpus corpus;
    Data data;
    ObjectiveSettings settings;
    Model model;
    Batch batch;
} Setup;

static void setup_new(Setup *s, ObjectiveKind kind, int rows) {
    *s = (Setup){.corpus = tiny_corpus(V, 30, 14, 1), .settings = settings(kind)};
    s->data = data_of_corpus(&s->corpus, V, TIME, 3);
    Plan plan = tiny_plan(kind, TIME);
    tiny_model(&s->model, &plan, &s->data);
    s->batch = objective_batch_new(&s->settings, rows, TIME);
    objective_fill(&s->batch, &s->settings, &s->data, 0);
}

static void setup_free(Setup *s) {
    batch_free(&s->batch), model_free(&s->model);
    data_free(&s->data), corpus_free(&s->corpus);
}

Test(objectives, gradients) {
    for (int kind = 0; kind < OBJECTIVE_KINDS; kind++)
        for (int smooth = 0; smooth < 2; smooth++) {
            Setup s;
            setup_new(&s, (ObjectiveKind)kind, 3);
            cr_assert_gt(s.batch.counted, 1, "%s", objectives[kind].name);
            TinyLoss loss = {&s.model, &s.batch, 0.1 * smooth};
            double error = gradient_error(&s.model.params, tiny_loss, &loss, 6);
            cr_assert_leq(error, gradient_tolerance(), "%s: %g", objectives[kind].name,
                          error);
            setup_free(&s);
        }
}

static double log_softmax(Mat logits, int row, int at) {
    double sum = 0, most = -INFINITY;
    for (int k = 0; k < logits.cols; k++)
        most = fmax(most, (double)*mat_at(logits, row, k));
    for (int k = 0; k < logits.cols; k++)
        sum += exp((double)*mat_at(logits, row, k) - most);
    return (double)*mat_at(logits, row, at) - most - log(sum);
}

// The loss, and each target's log-probability, from the logits of all tokens, added up
// one by one in double. Not of pairs, which have their own head.
Test(objectives, loss_by_brute_force) {
    for (int kind = 0; kind < OBJECTIVE_NSP; kind++) {
        Setup s;
        setup_new(&s, (ObjectiveKind)kind, 4);
        const Batch *b = &s.batch;
        Tape *t = tape_new(&s.model.params);
        Mat found = mat_new(b->rows, b->time), first = mat_new(b->rows, b->time);
        objective_predictions(found, first, t, &s.model, b);
        double loss = (double)*objective_loss(t, &s.model, b)->value.at, sum = 0;
        Tokens in = batch_tokens(b), source = batch_source(b);
        Node *hidden = b->source_time
                           ? model_decode(t, &s.model, &in,
                                          model_encode(t, &s.model, &source), &source)
                           : model_hidden(t, &s.model, &in);
        Mat logits = model_logits(t, &s.model, hidden)->value;
        int counted = 0;
        for (int i = 0; i < b->rows * b->time; i++) {
            double log_p = 0;
            if (b->targets[i] >= 0) log_p = log_softmax(logits, i, b->targets[i]);
            counted += b->targets[i] >= 0, sum -= log_p;
            cr_assert_float_eq((double)*mat_at(found, i / b->time, i % b->time), log_p,
                               2e-5, "%s, place %d", objectives[kind].name, i);
            bool most = b->targets[i] >= 0;
            for (int k = 0; most && k < logits.cols; k++)
                most = *mat_at(logits, i, k) <= *mat_at(logits, i, b->targets[i]);
            cr_assert_eq(*mat_at(first, i / b->time, i % b->time), (real)most,
                         "%s, place %d", objectives[kind].name, i);
        }
        cr_assert_eq(counted, b->counted);
        cr_assert_float_eq(loss, sum / counted, 2e-5, "%s", objectives[kind].name);
        mat_free(found), mat_free(first), tape_free(t), setup_free(&s);
    }
}

// ---- nothing to predict

Test(objectives, nothing_to_predict) {
    for (int kind = 0; kind < OBJECTIVE_KINDS; kind++) {
        Setup s;
        setup_new(&s, (ObjectiveKind)kind, 2);
        Batch *b = &s.batch;
        for (int i = 0; i < b->rows * b->time; i++) b->targets[i] = IGNORED;
        for (int r = 0; b->labels && r < b->rows; r++) b->labels[r] = IGNORED;
        batch_count(b);
        Tape *t = tape_new(&s.model.params);
        tape_training(t, true, 1);
        Node *loss = objective_loss(t, &s.model, b);
        cr_assert_eq(*loss->value.at, 0);
        tape_backward(t, loss);
        Params *p = &s.model.params;
        for (size_t i = 0; i < p->grad_size; i++) cr_assert_eq(p->grads[i], 0);
        tape_free(t), setup_free(&s);
    }
}

// ---- packed documents

// Hidden states of END A END B, with what is between the two ENDs replaced.
static Mat hidden_states(const Model *m, int filler, bool mask) {
    int ids[TIME + 1];
    for (int i = 0; i <= TIME; i++) ids[i] = i;
    ids[0] = ids[6] = END;
    for (int i = 1; i < 6; i++) ids[i] = (i + filler) % (V - 1);
    for (int i = 7; i <= TIME; i++) ids[i] = (3 * i) % (V - 1);
    Corpus c = tiny_corpus_of(ids, TIME + 1, END);
    Data d = data_of_corpus(&c, V, TIME, 1);
    ObjectiveSettings s = settings(OBJECTIVE_CLM);
    Batch b = objective_batch_new(&s, 1, TIME);
    objective_fill(&b, &s, &d, 0);
    cr_assert_eq(b.positions[6], 0);
    cr_assert_eq(b.positions[7], 1);
    Tokens in = batch_tokens(&b);
    if (!mask) in.firsts = NULL;
    Tape *t = tape_new((Params *)&m->params);
    Mat found = mat_new(TIME, m->config.channels);
    mat_copy(found, model_hidden(t, m, &in)->value);
    tape_free(t), batch_free(&b), data_free(&d), corpus_free(&c);
    return found;
}

// The second document's states have the same bits whatever the first one says; without
// the mask they have not. Learned positions and rotated ones; and an encoder.
Test(packing, no_document_sees_another) {
    const ObjectiveKind kinds[] = {OBJECTIVE_CLM, OBJECTIVE_CLM, OBJECTIVE_MLM};
    const char *models[] = {"llama", "gpt2", "bert"};
    for (int k = 0; k < 3; k++) {
        Plan plan = tiny_plan(kinds[k], TIME);
        for (int i = 0; model_kind_names()[i]; i++)
            if (strcmp(model_kind_names()[i], models[k]) == 0) plan.model = i;
        plan.layers = 2;
        Corpus c = tiny_corpus(V, 9, 8, 1);
        Data d = data_of_corpus(&c, V, TIME, 3);
        Model m;
        tiny_model(&m, &plan, &d);
        for (int mask = 0; mask < 2; mask++) {
            Mat a = hidden_states(&m, 0, mask), b = hidden_states(&m, 3, mask);
            Mat second_a = mat_rows(a, 6, TIME - 6),
                second_b = mat_rows(b, 6, TIME - 6);
            bool same = memcmp(second_a.at, second_b.at,
                               sizeof(real) * (size_t)(second_a.rows * second_a.cols))
                        == 0;
            cr_assert_eq(same, mask, "%s, mask %d", models[k], mask);
            mat_free(a), mat_free(b);
        }
        model_free(&m), data_free(&d), corpus_free(&c);
    }
}

// A document alone in its row, and after another: the same states, to rounding.
Test(packing, as_if_alone) {
    const int alone[] = {END, 1, 2, 3, 4}, after[] = {END, 7, 8, END, 1, 2, 3, 4};
    const char *models[] = {"llama", "gpt2"};
    for (int k = 0; k < 2; k++) {
        Plan plan = tiny_plan(OBJECTIVE_CLM, 8);
        for (int i = 0; model_kind_names()[i]; i++)
            if (strcmp(model_kind_names()[i], models[k]) == 0) plan.model = i;
        Corpus c[2] = {tiny_corpus_of(alone, 5, END), tiny_corpus_of(after, 8, END)};
        Data one = data_of_corpus(&c[0], V, 4, 1), two = data_of_corpus(&c[1], V, 7, 1);
        Model m;
        tiny_model(&m, &plan, &two);
        ObjectiveSettings s = settings(OBJECTIVE_CLM);
        Batch a = objective_batch_new(&s, 1, 4), b = objective_batch_new(&s, 1, 7);
        objective_fill(&a, &s, &one, 0), objective_fill(&b, &s, &two, 0);
        Mat p = mat_new(1, 4), q = mat_new(1, 7);
        Tape *t = tape_new(&m.params);
        objective_log_probs(p, t, &m, &a), objective_log_probs(q, t, &m, &b);
        for (int i = 0; i < 4; i++)
            cr_assert_float_eq((double)p.at[i], (double)q.at[3 + i], 1e-5, "%s",
                               models[k]);
        tape_free(t), mat_free(p), mat_free(q), batch_free(&a), batch_free(&b);
        model_free(&m), data_free(&one), data_free(&two);
        corpus_free(&c[0]), corpus_free(&c[1]);
    }
}

// Two documents exchanged in a text: the same total loss, to rounding.
Test(packing, documents_exchanged) {
    const int texts[2][9] = {{END, 7, 8, END, 1, 2, 3, 4, END},
                             {END, 1, 2, 3, 4, END, 7, 8, END}};
    double total[2] = {0};
    Plan plan = tiny_plan(OBJECTIVE_CLM, 8);
    ObjectiveSettings s = settings(OBJECTIVE_CLM);
    for (int k = 0; k < 2; k++) {
        Corpus c = tiny_corpus_of(texts[k], 9, END);
        Data d = data_of_corpus(&c, V, 8, 1);
        Model m;
        tiny_model(&m, &plan, &d);
        Batch b = objective_batch_new(&s, 1, 8);
        objective_fill(&b, &s, &d, 0);
        Tape *t = tape_new(&m.params);
        total[k] = (double)*objective_loss(t, &m, &b)->value.at * (double)b.counted;
        tape_free(t), batch_free(&b), model_free(&m), data_free(&d), corpus_free(&c);
    }
    cr_assert_float_eq(total[0], total[1], sizeof(real) == 8 ? 1e-10 : 1e-5);
}

// ---- label smoothing

typedef struct {
    int logits;
    const int *targets;
    double eps;
} Smoothed;

static Node *smoothed_loss(Tape *t, void *context) {
    Smoothed *s = context;
    return smoothed_cross_entropy(t, param(t, s->logits), s->targets, s->eps);
}

Test(smoothing, value_and_gradient) {
    enum { ROWS = 4, K = 5 };
    const int targets[ROWS] = {0, IGNORED, 3, 3};
    Params p = {0};
    Smoothed s = {params_add(&p, ROWS, K, normal(1), "logits"), targets, 0.2};
    Rng rng = rng_new(1);
    params_allocate(&p), params_init(&p, &rng), params_allocate_grads(&p);
    cr_assert_leq(gradient_error(&p, smoothed_loss, &s, ROWS * K),
                  gradient_tolerance());
    Tape *t = tape_new(&p);
    params_zero_grads(&p);
    Node *loss = smoothed_loss(t, &s);
    double expected = 0;
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < K && targets[i] >= 0; k++)
            expected -= (0.2 / K + (k == targets[i] ? 0.8 : 0)) / 3
                        * log_softmax(params_value(&p, 0), i, k);
    cr_assert_float_eq((double)*loss->value.at, expected, 1e-5);
    tape_backward(t, loss);
    Mat grad = params_grad(&p, 0);
    for (int k = 0; k < K; k++) cr_assert_eq(*mat_at(grad, 1, k), 0, "an ignored row");
    s.eps = 0;
    double plain = (double)*cross_entropy(t, param(t, s.logits), targets)->value.at;
    cr_assert_float_eq((double)*smoothed_loss(t, &s)->value.at, plain, 1e-6);
    tape_free(t), params_free(&p);
}

// The least of the smoothed loss is at q itself, with the loss H(q): not 0.
Test(smoothing, floor) {
    enum { K = 5 };
    const int target[] = {2};
    double eps = 0.1, h = 0;
    Params p = {0};
    int logits = params_add(&p, 1, K, constant(0), "logits");
    params_allocate(&p), params_allocate_grads(&p);
    for (int k = 0; k < K; k++) {
        double q = eps / K + (k == 2 ? 1 - eps : 0);
        p.values[k] = (real)log(q), h -= q * log(q);
    }
    Smoothed s = {logits, target, eps};
    Tape *t = tape_new(&p);
    Node *loss = smoothed_loss(t, &s);
    cr_assert_float_eq((double)*loss->value.at, h, 1e-6);
    tape_backward(t, loss);
    for (int k = 0; k < K; k++) cr_assert_float_eq((double)p.grads[k], 0, 1e-7);
    tape_free(t), params_free(&p);
}
